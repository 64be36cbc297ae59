"""What may be exported enlarged by super-resolution, and how long that takes. Pure.

Enlarged footage is decoded, doubled, labelled and encoded anew: no copy of what was recorded, so never in a bundle; a
few pictures a second on two cores, so short pieces of sub streams only. Design: docs/design/enhance.md.
"""

from collections.abc import Sequence

from vedette.core.errors import InvalidInputError
from vedette.core.media import StreamRole
from vedette.core.time import NS_PER_S
from vedette.streaming.export_job import ExportCamera, ExportTooLargeError

MAX_ENHANCED_S = 600
"""Of all cameras together: some twenty minutes of one core for 640 x 360 at 25 pictures a second."""
S_PER_MEGAPIXEL = 0.4
"""Of one core, with decoding and encoding: 0.19 s for 960 x 540 (benchmarks.enhance)."""
ENHANCED_MARK = " enhanced"
"""Behind a camera's name in that of its file."""


class EnhanceRefusedError(InvalidInputError):
    """This cannot be exported enlarged."""

    code = "enhance_refused"


def check_enhanceable(*, is_bundle: bool, camera_count: int, from_ns: int, to_ns: int) -> None:
    """Refuses what may not or cannot sanely be enlarged.

    Raises:
        EnhanceRefusedError, ExportTooLargeError
    """
    if is_bundle:
        raise EnhanceRefusedError(
            "a bundle proves what was recorded, and an enhanced picture is estimated",
            "Make two exports: the bundle, and the enhanced footage without proof.",
        )
    if camera_count * (to_ns - from_ns) > MAX_ENHANCED_S * NS_PER_S:
        raise ExportTooLargeError(
            f"at most {MAX_ENHANCED_S // 60} minutes can be enhanced at once, all cameras together",
            "Choose the piece that matters; each minute takes two or more of one processor.",
        )


def check_sub_streams(cameras: Sequence[ExportCamera]) -> None:
    """Refuses any other stream than the sub stream: the main stream has the real details.

    Raises:
        EnhanceRefusedError
    """
    for camera in cameras:
        if camera.role not in {StreamRole.SUB, None}:
            raise EnhanceRefusedError(
                f"only sub streams are enhanced, and of {camera.name} the main stream would go out",
                "Choose the sub stream, where it was recorded; the main stream shows more as it is.",
            )


def estimate_s(pixels: int, frames: int) -> float:
    """How long it takes to enlarge so many pictures of so many pixels, on one core with nothing else to do."""
    return pixels * frames / 1e6 * S_PER_MEGAPIXEL
