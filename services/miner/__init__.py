"""The miner: embeddings become candidates, candidates become pairs."""
