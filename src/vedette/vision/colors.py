"""Names the colour of a thing seen by a camera: the eleven basic terms, a confidence, or "unknown". Pure.

Colours are named as people name them, in CIELAB (D65): lightness decides black, gray and white, hue the others, and
brown, pink and orange are hues at certain lightness. Every pixel belongs to the names in part, so that a hue at a
border splits its vote instead of flipping; the name of the thing is where most of its weighted pixels are. Light is
estimated from the whole picture first, and a picture without any colour (infrared at night) names nothing: there
red is gray and everybody is "white". Design and figures: docs/design/vision.md.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.core.errors import InvalidInputError
from vedette.core.objects import COLOUR_NAMES

UNKNOWN = "unknown"
_ACHROMATIC = 3
"""The first names are those without hue."""

PAINT_BONUS = 4.3
"""`hue_bonus` of vehicles: glass, tyres, shadows and sky in the clear coat are most of a painted thing."""

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]

_SAMPLE_PX = 40
"""Crops are scaled down to this side: more pixels name nothing better (measured), and noise averages out."""
_MIN_SIDE_PX = 6
MIN_CONFIDENCE = 0.52
"""Of the best name against the second. Below, a coin could be tossed."""
_COLOURLESS_CHROMA = 3.0
_PAINTED_CHROMA = 35.0
"""What has more is a coloured thing, whatever the light: a red car must not make the light red."""
_NORM = 6.0
_MAX_GAIN = 1.5
_CAUTION = 0.75
"""How far the light is corrected. On 270 vehicles: 0.81 right under white light (0.82 without correction), 0.54 to 0.72
under made casts of 0.6 to 1.25 (0.37 to 0.49 without).
"""


@dataclass(frozen=True, slots=True)
class Light:
    """What the picture says of its light.

    Attributes:
        gain_bgr: Factors that make the light white.
        is_colourless: The picture has no colour at all: infrared, or a black-and-white camera.
    """

    gain_bgr: tuple[float, float, float] = (1.0, 1.0, 1.0)
    is_colourless: bool = False


@dataclass(frozen=True, slots=True)
class NamedColour:
    """A name of `COLOUR_NAMES` or "unknown".

    Attributes:
        confidence: 0.5..1: share of the best name of the best two; 0 when nothing could be seen.
        shares: (11,) of the thing, in the order of `COLOUR_NAMES`, sum 1; zeros when nothing could be seen.
    """

    name: str
    confidence: float
    shares: Floats


def weigh_body(height: int, width: int) -> Floats:
    """(H, W) weights for a vehicle that fills its box: the paint is below the glass and above the tyres."""
    down = ((np.arange(height, dtype=np.float32) + 0.5) / height - 0.53) / 0.17
    across = ((np.arange(width, dtype=np.float32) + 0.5) / width - 0.5) / 0.18
    return np.asarray(np.exp(-0.5 * (down[:, None] ** 2 + across[None, :] ** 2)), np.float32)


def estimate_light(picture_bgr: Image) -> Light:
    """Estimates the light from a whole picture, (H, W, 3) uint8 BGR, by "shades of gray" (6-norm), carefully.

    A red bus that fills the picture is no red light, so the correction stops short and has a limit.
    """
    small = cv2.resize(picture_bgr, (64, 48), interpolation=cv2.INTER_AREA)
    pixels = np.asarray(small.reshape(-1, 3) / 255, np.float32)
    lab = _to_lab(pixels)
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    brightest = pixels.max(axis=1)
    usable = pixels[(brightest < 0.98) & (brightest > 0.05) & (chroma < _PAINTED_CHROMA)]
    if len(usable) < 100:
        return Light(is_colourless=bool(np.percentile(chroma, 98) < _COLOURLESS_CHROMA))
    level = np.maximum((usable**_NORM).mean(axis=0) ** (1 / _NORM), 1e-3)
    gain = np.clip((level.mean() / level) ** _CAUTION, 1 / _MAX_GAIN, _MAX_GAIN)
    blue, green, red = (float(value) for value in gain)
    return Light((blue, green, red), bool(np.percentile(chroma, 98) < _COLOURLESS_CHROMA))


def name_colour(
    crop_bgr: Image, weights: Floats | None = None, light: Light | None = None, hue_bonus: float = 1.0
) -> NamedColour:
    """Names the colour of a crop.

    Args:
        crop_bgr: (H, W, 3) uint8 BGR.
        weights: (H, W) float32, how much each pixel belongs to the thing; None: all alike.
        light: Of the picture that the crop is from.
        hue_bonus: How many gray pixels one coloured pixel outweighs: painted things have tyres, glass and shadows.
    """
    shares = measure_shares(crop_bgr, weights, light)
    if light is not None and light.is_colourless:
        return NamedColour(UNKNOWN, 0.0, shares)
    return judge_shares(shares, hue_bonus)


def measure_shares(crop_bgr: Image, weights: Floats | None = None, light: Light | None = None) -> Floats:
    """(11,) the share of each name; zeros when the crop is too small to see a colour."""
    if crop_bgr.ndim != 3 or crop_bgr.shape[2] != 3 or (weights is not None and weights.shape != crop_bgr.shape[:2]):
        raise InvalidInputError(f"need an (H, W, 3) picture and (H, W) weights, got {crop_bgr.shape}")
    height, width = crop_bgr.shape[:2]
    if min(height, width) < _MIN_SIDE_PX:
        return np.zeros(len(COLOUR_NAMES), np.float32)
    size = (min(width, _SAMPLE_PX), min(height, _SAMPLE_PX))
    small = cv2.resize(crop_bgr, size, interpolation=cv2.INTER_AREA).reshape(-1, 3)
    share = np.ones(len(small), np.float32)
    if weights is not None:
        share = np.asarray(cv2.resize(weights, size, interpolation=cv2.INTER_AREA).reshape(-1), np.float32)
    gain = np.array((light or Light()).gain_bgr, np.float32)
    votes = name_pixels(_to_lab(np.asarray(np.minimum(small / 255 * gain, 1.0), np.float32)))
    total = float(share.sum())
    return np.asarray((votes * share[:, None]).sum(axis=0) / max(total, 1e-6), np.float32)


def judge_shares(shares: Floats, hue_bonus: float = 1.0) -> NamedColour:
    """The name with the largest share, "unknown" where two names are as good as each other."""
    raised = shares.astype(np.float64)
    raised[_ACHROMATIC:] *= hue_bonus
    best = int(raised.argmax())
    if raised[best] <= 0:
        return NamedColour(UNKNOWN, 0.0, shares)
    second = float(np.delete(raised, best).max())
    confidence = float(raised[best]) / (float(raised[best]) + second)
    return NamedColour(COLOUR_NAMES[best] if confidence >= MIN_CONFIDENCE else UNKNOWN, confidence, shares)


def name_pixels(lab: Floats) -> Floats:
    """(N, 3) CIELAB to (N, 11) memberships, each row adding up to 1."""
    lightness, chroma = lab[:, 0], np.hypot(lab[:, 1], lab[:, 2])
    hue = np.degrees(np.arctan2(lab[:, 2], lab[:, 1])) % 360
    # Sky in clear coat and glass is bluish gray, not blue; sand, wood and skin are seen as coloured early.
    enough = 9.0 + 5.0 * _arc(hue, 200.0, 310.0) - 1.5 * _arc(hue, 20.0, 90.0) + 5.0 * _step(-lightness, -25.0, 6.0)
    has_hue = _step(chroma, enough, 2.8) * _step(lightness, 11.5, 4.0)
    arcs = _name_hues(hue, lightness, chroma)
    dark, light = 1 - _step(lightness, 31.0, 5.0), _step(lightness, 71.0, 5.0)
    gray = np.clip(1 - dark - light, 0, None)
    named = np.concatenate([np.stack([dark, gray, light], axis=1) * (1 - has_hue)[:, None], arcs * has_hue[:, None]], 1)
    return np.asarray(named / np.maximum(named.sum(axis=1, keepdims=True), 1e-6), np.float32)


def _name_hues(hue: Floats, lightness: Floats, chroma: Floats) -> Floats:
    """(N, 8) memberships of red, orange, brown, yellow, green, blue, purple, pink."""
    warm_red = _arc(hue, 17.0, 50.0)
    cold_red = _arc(hue, 0.0, 17.0)
    rose = _arc(hue, 340.0, 0.0)
    orange = _arc(hue, 50.0, 72.0)
    yellow = _arc(hue, 72.0, 106.0)
    magenta = _arc(hue, 318.0, 340.0)
    pale = _step(lightness, 60.0, 5.0) * (1 - _step(chroma, 55.0, 6.0))
    is_light, is_lighter = _step(lightness, 46.0, 5.0), _step(lightness, 51.0, 5.0)
    dull = 1 - _step(chroma, 48.0, 6.0)
    brown_of_orange = np.maximum(1 - _step(lightness, 52.0, 5.0), dull)
    brown_of_yellow = np.maximum(1 - _step(lightness, 50.0, 5.0), 1 - _step(chroma, 38.0, 6.0))
    brown_of_red = _arc(hue, 30.0, 60.0) * (1 - _step(chroma, 34.0, 5.0))
    return np.stack(
        [
            warm_red * (1 - pale) * (1 - brown_of_red) + cold_red * (1 - is_lighter) + rose * (1 - is_light),
            orange * (1 - brown_of_orange),
            orange * brown_of_orange + yellow * brown_of_yellow + warm_red * brown_of_red,
            yellow * (1 - brown_of_yellow),
            _arc(hue, 106.0, 195.0),
            _arc(hue, 195.0, 305.0),
            _arc(hue, 305.0, 318.0) + magenta * (1 - is_light),
            (magenta + rose) * is_light + cold_red * is_lighter + warm_red * pale * (1 - brown_of_red),
        ],
        axis=1,
    ).astype(np.float32)


def _arc(hue: Floats, start: float, end: float) -> Floats:
    """Membership of an arc of hues with soft ends (5 degrees); the arc may pass 360."""
    half = ((end - start) % 360) / 2
    middle = start + half
    away = np.abs((hue - middle + 180) % 360 - 180)
    return _step(-away, -half, 2.5)


def _step(value: Floats, at: float | Floats, width: float) -> Floats:
    """A soft step from 0 to 1."""
    return np.asarray(1 / (1 + np.exp(np.clip((at - value) / width * 1.7, -40, 40))), np.float32)


def _to_lab(pixels_bgr: Floats) -> Floats:
    """(N, 3) BGR 0..1 to CIELAB: lightness 0..100."""
    lab = cv2.cvtColor(np.ascontiguousarray(pixels_bgr[None], np.float32), cv2.COLOR_BGR2Lab)
    return np.asarray(lab[0], np.float32)
