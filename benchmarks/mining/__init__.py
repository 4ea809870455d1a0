"""Parts of the benchmark `mine` that run in processes of their own."""
