"""Sources: what lies in somebody's folder or bucket becomes a frozen list. Knows no run."""
