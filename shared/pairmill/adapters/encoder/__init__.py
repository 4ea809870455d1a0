"""Adapters of the encoder port. `starter` needs no model hub: its weights come with packages."""
