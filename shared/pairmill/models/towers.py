"""Sizes of the starter's two towers. Knows no tensor, so that a reader of sizes loads no torch."""

IMAGE_SIDE = 224
"""Pixels; what EfficientNet-Lite0 was trained at (timm 1.0, `tf_efficientnet_lite0`)."""

IMAGE_DEPTHS = (32, 16, 24, 40, 80, 112, 192, 320, 1280)
"""Channels after the stem, the seven stages and the head, in the order of the features."""

LAYOUTS = {3: 128, 5: 256}
"""Depth, counted from the stem, to the size of what is kept of its layout: pooled over a grid of
GRID x GRID cells, then projected, so that the features tell what stands where."""

GRID = 4

LAYOUT_DIM = sum(LAYOUTS.values())
IMAGE_DIM = LAYOUT_DIM + sum(IMAGE_DEPTHS)
"""The layouts come first, then the depths."""

LAST_DIM = IMAGE_DEPTHS[-1]
"""The last dimensions: what the ImageNet classifier would read."""

TEXT_DIM = 384
MAX_TOKENS = 128
"""Tokens read of a text; all-MiniLM-L6-v2 was trained with 128 (its model card)."""
