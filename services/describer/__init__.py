"""The describer: pairs become descriptions."""
