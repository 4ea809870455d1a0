"""Vector stores: unit vectors in named collections. They know no image and no space."""
