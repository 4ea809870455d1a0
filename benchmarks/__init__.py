"""Measured claims: `make bench NAME=<name>` runs one and rewrites its result."""
