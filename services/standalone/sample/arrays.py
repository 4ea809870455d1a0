"""Name the kinds of arrays. Knows numpy; knows nothing of what is drawn.

H height, W width in pixels; P points or pixels. Colours and fields are float32 where speed asks
for it, and run from 0 to 1 unless said otherwise.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Real = np.floating[Any]
Points = NDArray[Real]  # (P, 2): across, down
Values = NDArray[Real]  # (P,), or a row or column of pixels
Field = NDArray[Real]  # (H, W)
Picture = NDArray[Real]  # (H, W, 3), or (…, 3): colours
Labels = NDArray[np.uint8]  # (H, W): 0 is the ground, a higher label lies further in front
Mask = NDArray[np.bool_]  # (H, W)
