"""Fragmented MP4 (ISO/IEC 14496-12) in pure Python: written, parsed, re-timed.

The recorder writes these bytes to disk, the gateway sends them to browsers; neither process may load a
foreign media library for it. All tracks count time in 90 kHz ticks, so that moving a fragment on the media
line is one addition to each `tfdt`. Design: docs/design/recording-store.md.

Use: `make_init`, then `make_fragment` per GOP or per frame; `parse_init`, `parse_fragment`, `scan_fragments`
to read; `shift_fragment` to re-time on read.
"""

from vedette.media.errors import MalformedMediaError
from vedette.media.fmp4.fragment import TrackFragment, make_fragment, shift_fragment
from vedette.media.fmp4.init_segment import AUDIO_TRACK_ID, VIDEO_TRACK_ID, make_init
from vedette.media.fmp4.parse_fragment import (
    FragmentExtent,
    ParsedFragment,
    ParsedTrack,
    ReadAt,
    parse_fragment,
    scan_fragments,
)
from vedette.media.fmp4.parse_init import ParsedInit, parse_init

__all__ = [
    "AUDIO_TRACK_ID",
    "VIDEO_TRACK_ID",
    "FragmentExtent",
    "MalformedMediaError",
    "ParsedFragment",
    "ParsedInit",
    "ParsedTrack",
    "ReadAt",
    "TrackFragment",
    "make_fragment",
    "make_init",
    "parse_fragment",
    "parse_init",
    "scan_fragments",
    "shift_fragment",
]
