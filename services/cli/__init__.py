"""The command `pairmill`: one file a command."""
