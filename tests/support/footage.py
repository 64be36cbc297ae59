"""Stored footage in memory, in the very bytes that the recorder writes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from tests.support.media import H264
from vedette.core.errors import NotFoundError
from vedette.core.footage import FootageGap, FragmentRef, SegmentInit, SegmentRef
from vedette.core.media import Packet, StreamFormat, StreamRole
from vedette.core.time import ticks_to_ns
from vedette.media.fmp4 import TrackFragment, make_fragment, make_init, parse_fragment

FORMAT = StreamFormat("run", H264)


@dataclass
class MemoryFootage:
    """A `FootageReader` of one camera. `add_segment` is what tests call."""

    camera_id: str
    fragments: list[FragmentRef] = field(default_factory=list)
    gaps: list[FootageGap] = field(default_factory=list)
    reads: int = 0

    def __post_init__(self) -> None:
        self._data: dict[tuple[str, int], bytes] = {}
        self._inits: dict[str, SegmentInit] = {}

    def add_segment(
        self,
        packets: Sequence[Packet],
        stream_format: StreamFormat = FORMAT,
        role: StreamRole = StreamRole.MAIN,
        fragment_frames: int = 25,
        step_90k: int = 3600,
    ) -> None:
        """Stores packets (video, with audio between) as one segment cut every `fragment_frames` video frames."""
        video = [packet for packet in packets if not packet.is_audio]
        start_90k = video[0].dts_90k
        segment_id = f"segment-{len(self._inits)}"
        init = make_init(stream_format)
        segment = SegmentRef(
            segment_id,
            self.camera_id,
            role,
            stream_format.run_id,
            video[0].captured_at_ns,
            video[-1].captured_at_ns + ticks_to_ns(step_90k),
            start_90k,
            len(init),
            0,
            len(video),
            is_open=False,
        )
        self._inits[segment_id] = SegmentInit(stream_format, init)
        for begin in range(0, len(video), fragment_frames):
            self._add_fragment(segment, video[begin : begin + fragment_frames], packets, step_90k)

    def _add_fragment(self, segment: SegmentRef, video: list[Packet], packets: Sequence[Packet], step_90k: int) -> None:
        end_90k = video[-1].dts_90k + step_90k
        audio = [p for p in packets if p.is_audio and video[0].dts_90k <= p.dts_90k < end_90k]
        tracks = [TrackFragment(video, end_90k)]
        if audio:
            tracks.append(TrackFragment(audio, end_90k))
        offset = len(self.fragments)
        wall_ns = video[0].captured_at_ns
        data = b"".join(make_fragment(offset + 1, tracks, segment.start_90k, wall_ns))
        self._data[segment.segment_id, offset] = data
        key_bytes = len(video[0].data) if video[0].is_key else 0
        self.fragments.append(
            FragmentRef(
                segment,
                wall_ns,
                wall_ns + ticks_to_ns(end_90k - video[0].dts_90k),
                video[0].dts_90k,
                end_90k - video[0].dts_90k,
                offset,
                len(data),
                len(video),
                video[0].is_key,
                key_bytes,
            )
        )
        self.fragments.sort(key=lambda fragment: fragment.start_ns)

    def delete(self, fragment: FragmentRef) -> None:
        """The file goes, the row is still seen."""
        del self._data[fragment.segment.segment_id, fragment.offset]

    def find_fragments(
        self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int, limit: int
    ) -> list[FragmentRef]:
        return [
            fragment
            for fragment in self.fragments
            if camera_id == self.camera_id
            and fragment.segment.role is role
            and fragment.start_ns < to_ns
            and fragment.end_ns > from_ns
        ][:limit]

    def find_key_fragment(self, camera_id: str, role: StreamRole, at_ns: int) -> FragmentRef | None:
        found = [f for f in self.fragments if f.is_key and f.start_ns <= at_ns and f.segment.role is role]
        return found[-1] if found and camera_id == self.camera_id else None

    def read_init(self, segment: SegmentRef) -> SegmentInit:
        return self._inits[segment.segment_id]

    def read_fragment(self, fragment: FragmentRef) -> bytes:
        self.reads += 1
        try:
            return self._data[fragment.segment.segment_id, fragment.offset]
        except KeyError:
            raise NotFoundError("this footage is not there any more") from None

    def read_key_picture(self, fragment: FragmentRef, media_90k: int = 0) -> bytes:
        data = self.read_fragment(fragment)
        track = parse_fragment(data).video
        picture = data[track.offset : track.offset + track.sizes_bytes[0]]
        packet = Packet(False, True, media_90k, media_90k, 0, 0, 0, 0, 0, picture)
        return b"".join(make_fragment(1, [TrackFragment([packet], media_90k + fragment.duration_90k)]))

    def find_gaps(self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int) -> list[FootageGap]:
        return [gap for gap in self.gaps if gap.from_ns < to_ns and gap.to_ns > from_ns and gap.role is role]


def as_run(packets: Sequence[Packet], start_ns: int) -> list[Packet]:
    """Moves packets so that the first was captured at `start_ns`; media time stays."""
    shift_ns = start_ns - packets[0].captured_at_ns
    return [msgspec.structs.replace(p, captured_at_ns=p.captured_at_ns + shift_ns) for p in packets]
