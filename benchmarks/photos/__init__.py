"""The parts of `quality-photos`: pictures and their copies, their features, the judgement."""
