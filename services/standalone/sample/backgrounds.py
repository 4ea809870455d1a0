"""Draw what lies behind the things. Knows grounds by name; knows no things."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from services.standalone.sample.arrays import Picture, Values
from services.standalone.sample.colours import mix, rgb
from services.standalone.sample.noise import smooth_noise


def background(name: str, side: int, rng: Generator) -> Picture:
    down, across = (axis.astype(np.float32) / side for axis in np.ogrid[0:side, 0:side])
    picture = _GROUNDS[name](down, across, rng)
    return np.broadcast_to(picture, (side, side, 3)).astype(np.float32)


def _backdrop(code: int, down: Values, across: Values, rng: Generator) -> Picture:
    """A studio wall, a little darker towards the corners."""
    away = (across - 0.5) ** 2 + (down - 0.45) ** 2
    return rgb(code) * (np.float32(1.03) - np.float32(0.22) * away)[..., None]


def _blend(down: Values, *stops: tuple[float, int]) -> Picture:
    """Colours that run into one another from the top to the bottom, one pixel wide."""
    heights, colours = [at for at, _ in stops], np.stack([rgb(code) for _, code in stops])
    return np.stack(
        [np.interp(down, heights, colours[:, c]) for c in range(3)], -1, dtype=np.float32
    )


def _sunset(down: Values, across: Values, rng: Generator) -> Picture:
    sky = _blend(down, (0, 0x6B4C9A), (0.35, 0xC8638F), (0.65, 0xF59A6C), (1, 0xFFD98E))
    streaks = smooth_noise(rng, (len(down), 3), len(down) / 14)[:, 1:2, None] > 0.35
    return np.where(streaks, mix(sky, rgb(0xFFE9C9), 0.28), sky)


def _night(down: Values, across: Values, rng: Generator) -> Picture:
    side = len(down)
    sky = _blend(down, (0, 0x1B2350), (0.7, 0x34427E), (1, 0x4A5596)).repeat(side, axis=1)
    image = Image.fromarray((sky * 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for x, y, r in rng.uniform((0, 0, 0.004), (1, 1, 0.011), (46, 3)) * side:
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(255, 246, 208))
    return np.asarray(image, dtype=np.float32) / 255


def _grid(down: Values, across: Values, rng: Generator) -> Picture:
    x, y = rng.random(2, dtype=np.float32)
    lines = np.logical_or((across * 10 + x) % 1 < 0.11, (down * 10 + y) % 1 < 0.11)
    return np.where(lines[..., None], rgb(0x8FB7DC), rgb(0xF7F8F3))


def _planks(down: Values, across: Values, rng: Generator) -> Picture:
    num_planks, side = 5, len(down)
    row = (down * num_planks).astype(np.intp)
    bend = smooth_noise(rng, (side, side), side / 4) * 5
    veins = np.sin(down * 90 + bend + rng.uniform(0, 6, num_planks).astype(np.float32)[row])
    tone = 1 + rng.uniform(-0.07, 0.07, num_planks).astype(np.float32)[row] + 0.045 * veins
    tone = np.where(down * num_planks % 1 < 0.05, np.float32(0.62), tone)
    return rgb(0xCB9A63) * tone[..., None]


def _bricks(down: Values, across: Values, rng: Generator) -> Picture:
    num_rows, num_columns = 8, 4
    row, y = np.divmod(down * num_rows, 1)
    column, x = np.divmod(across * num_columns + row % 2 / 2, 1)
    tones = 1 + rng.uniform(-0.13, 0.1, num_rows * (num_columns + 1)).astype(np.float32)
    colours = np.vstack([rgb(0xBE6A51) * tones[:, None], rgb(0xDCCDBD)])
    brick = (row * (num_columns + 1) + column).astype(np.intp)
    return colours.take(np.where((y < 0.1) | (x < 0.055), len(tones), brick), axis=0)


def _meadow(down: Values, across: Values, rng: Generator) -> Picture:
    sky = _blend(down, (0, 0x9AD4F5), (0.6, 0xE3F5FB))
    grass = _blend(down, (0.5, 0x93CC62), (1, 0x5FA845))
    hill = 0.6 + 0.05 * np.sin(across * 5 + rng.uniform(0, 6))
    return np.where((down > hill)[..., None], grass, sky)


def _beach(down: Values, across: Values, rng: Generator) -> Picture:
    picture = _blend(down, (0, 0xA9DDF6), (0.34, 0xDDF3FA))
    picture = np.where((down > 0.36)[..., None], rgb(0x3F9FCB), picture)
    shore = 0.56 + 0.012 * np.sin(across * 16 + rng.uniform(0, 6))
    picture = np.where((down > shore)[..., None], rgb(0xF4FBFB), picture)
    return np.where((down > shore + 0.025)[..., None], rgb(0xEFD9A4), picture)


_GROUNDS: Mapping[str, Callable[[Values, Values, Generator], Picture]] = {
    "blue backdrop": partial(_backdrop, 0xA9CDF2),
    "pink backdrop": partial(_backdrop, 0xF9C3D2),
    "green backdrop": partial(_backdrop, 0xB4DDAE),
    "cream backdrop": partial(_backdrop, 0xF7E9C8),
    "sunset sky": _sunset,
    "starry night": _night,
    "grid paper": _grid,
    "wooden planks": _planks,
    "brick wall": _bricks,
    "green meadow": _meadow,
    "sandy beach": _beach,
}
