"""What an order to erase footage takes, and what stands against it: looked up, rounded, and shown.

Every volume that the gateway can read is looked into, also those that are out of use.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Protocol

from vedette.api.schemas.erasures import ErasedStreamOut, ErasureOut
from vedette.api.schemas.storage import StorageVolumeOut
from vedette.camera.erasures import (
    ErasedStream,
    ErasureOrder,
    find_holds,
    find_holds_of_days,
    is_held,
    sum_stream,
)
from vedette.core.footage import SegmentRef
from vedette.core.media import StreamRole
from vedette.core.recording_plan import Hold
from vedette.core.time import format_utc

_UNREACHED = frozenset({"failed", "unknown"})


class ErasableFootage(Protocol):
    """Synchronous, safe from several threads: `vedette.node.erasable_footage`. Raises StorageError."""

    def find_cameras(self) -> list[str]: ...
    def find_stored(
        self, camera_id: str, role: StreamRole, from_ns: int, to_ns: int
    ) -> list[tuple[str, SegmentRef]]: ...
    def find_kept_holds(self, roots: Sequence[str]) -> list[Hold]: ...
    def has_key(self, day: str) -> bool: ...
    def count_users(self, day: str, from_ns: int, to_ns: int) -> int: ...
    def destroy_key(self, day: str) -> bool: ...
    def drop_files(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ErasurePlan:
    """See the module's head.

    Attributes:
        days: Numbers of the UTC days whose archive keys go too.
        holds: Those that cover anything of it.
        held_segments: How many of `segments` they cover.
        out_of_reach: Volumes that cannot be looked into, or that the recorder does not use.
    """

    cameras: tuple[str, ...]
    from_ns: int
    to_ns: int
    days: tuple[int, ...] = ()
    streams: tuple[ErasedStream, ...] = ()
    holds: tuple[Hold, ...] = ()
    held_segments: int = 0
    out_of_reach: tuple[str, ...] = ()

    @property
    def begin_ns(self) -> int:
        """Rounded outward to whole segments."""
        return min([self.from_ns, *(stream.from_ns for stream in self.streams)])

    @property
    def end_ns(self) -> int:
        return max([self.to_ns, *(stream.to_ns for stream in self.streams)])

    @property
    def segments(self) -> int:
        return sum(stream.segments for stream in self.streams)

    @property
    def size_bytes(self) -> int:
        return sum(stream.size_bytes for stream in self.streams)


def look_up(
    footage: ErasableFootage, plan: ErasurePlan, volumes: Sequence[StorageVolumeOut], holds: Sequence[Hold]
) -> ErasurePlan:
    """Fills a plan in with what there is now. Blocks on disks."""
    found = [
        (root, segment)
        for camera_id in plan.cameras
        for role in StreamRole
        for root, segment in footage.find_stored(camera_id, role, plan.from_ns, plan.to_ns)
    ]
    segments = [segment for _, segment in found]
    roots = sorted({root for root, _ in found})
    in_use = {volume.path for volume in volumes}
    unreached = [volume.name for volume in volumes if volume.state in _UNREACHED]
    unreached += [f"{root} (out of use)" for root in roots if root not in in_use]
    every_hold = [*holds, *footage.find_kept_holds(roots)]
    against = [*find_holds(segments, every_hold), *find_holds_of_days(plan.days, every_hold)]
    return replace(
        plan,
        streams=tuple(
            sum_stream(camera_id, role, list(group))
            for (camera_id, role), group in groupby(segments, lambda each: (each.camera_id, each.role))
        ),
        holds=tuple({hold.hold_id: hold for hold in against}.values()),
        held_segments=sum(is_held(segment, every_hold) for segment in segments),
        out_of_reach=tuple(unreached),
    )


def show_streams(plan: ErasurePlan, names: Mapping[str, str]) -> list[ErasedStreamOut]:
    return [
        ErasedStreamOut(
            camera_id=stream.camera_id,
            camera_name=names.get(stream.camera_id, stream.camera_id),
            stream=stream.role.value,
            from_=format_utc(stream.from_ns),
            to=format_utc(stream.to_ns),
            segments=stream.segments,
            growing=stream.growing,
            bytes=stream.size_bytes,
        )
        for stream in plan.streams
    ]


def show_order(order: ErasureOrder, left: ErasurePlan) -> ErasureOut:
    """`left` is what is still there of it."""
    return ErasureOut(
        id=order.erasure_id,
        camera_ids=list(order.cameras),
        from_=format_utc(order.begin_ns),
        to=format_utc(order.end_ns),
        reason=order.reason,
        ordered_by=order.ordered_by,
        ordered_at=format_utc(order.ordered_at_ns),
        segments_left=left.segments,
        waits_for=list(left.out_of_reach),
    )
