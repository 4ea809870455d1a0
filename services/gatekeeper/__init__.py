"""The gatekeeper: triplets lose what must not be learnt from."""
