"""The describer: pairs become descriptions, and images captions where a model is asked."""
