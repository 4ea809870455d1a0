"""The embedder: images become features, features become embeddings."""
