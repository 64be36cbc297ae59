"""Decides which volume a camera records to.

Pure. The first of its own volumes that is usable; without a list of its own, one of all by rendezvous hashing, so that
only the cameras of a volume move when it comes or goes. When none of its own is usable it spills over to any other:
footage elsewhere is better than none. When its own comes back, so does the camera, with a new segment.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VolumeView:
    """A volume as placement sees it.

    Attributes:
        is_open: Something can be handed to it.
        is_usable: It is open and takes footage: neither full nor failed.
    """

    name: str
    volume_id: str
    is_open: bool
    is_usable: bool


@dataclass(frozen=True, slots=True)
class Placement:
    """`volume_id` None: there is no volume at all. `is_spilled`: it is not one of the camera's own."""

    volume_id: str | None
    is_spilled: bool = False


def place_camera(camera_id: str, preferred: Sequence[str], volumes: Sequence[VolumeView]) -> Placement:
    """Finds the volume of a camera. `preferred` are names, the first the best; empty: all are its own."""
    ranked = sorted(volumes, key=lambda volume: _weight(volume.volume_id, camera_id), reverse=True)
    by_name = {volume.name: volume for volume in volumes}
    own = [by_name[name] for name in preferred if name in by_name] if preferred else ranked[:1]
    for volume in own:
        if volume.is_usable:
            return Placement(volume.volume_id)
    for volume in ranked:
        if volume.is_usable:
            return Placement(volume.volume_id, is_spilled=True)
    for volume in (*own, *ranked):
        if volume.is_open:  # all are full: its own tells so with every fragment, and takes the first that fits
            return Placement(volume.volume_id, is_spilled=volume not in own)
    return Placement(None)


def _weight(volume_id: str, camera_id: str) -> bytes:
    return hashlib.blake2b(f"{volume_id}/{camera_id}".encode(), digest_size=8).digest()
