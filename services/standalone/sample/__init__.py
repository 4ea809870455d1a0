"""The sample corpus: drawn pictures of things, with captions, a gallery and a benchmark.

Knows nothing of the pipeline; numpy and Pillow are all it needs. The door is `draw.draw_sample`.
"""
