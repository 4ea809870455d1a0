"""Parts of the benchmark of gates: drawn pictures, planted faults, and what is counted."""
