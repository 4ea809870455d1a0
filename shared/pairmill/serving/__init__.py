"""What gateway and retriever share of serving calls; `pairmill.server` is the one entrance."""
