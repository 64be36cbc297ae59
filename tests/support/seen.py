"""Seen objects as the analyzer tells them, for tests of their search."""

import os
from dataclasses import replace

import numpy as np

from tests.support.gateway import Harness
from vedette.adapters.secretbox import read_node_key
from vedette.adapters.template_box import TemplateBox
from vedette.core.ids import make_id
from vedette.core.messages import ObjectSeen
from vedette.core.objects import AttributeValue, PlateReading, SealedVector, name_place
from vedette.core.time import NS_PER_S
from vedette.runtime.settings import NodeSettings
from vedette.testing.clock import DEFAULT_UTC_NS

FACE_RELEASE = "face-reid-0095-r1"
JPEG = b"\xff\xd8\xff-seen-\xff\xd9"


def face_vector(seed: int, near: float = 0.0) -> bytes:
    """The face of a person by number; `near` mixes in noise: 0.3 is another moment of the same person."""
    numbers = np.random.default_rng(seed).standard_normal(256)
    numbers /= np.linalg.norm(numbers)
    if near:
        noise = np.random.default_rng(round(near * 1e6) + seed).standard_normal(256)
        numbers = numbers + near * noise / np.linalg.norm(noise)
    return (numbers / np.linalg.norm(numbers)).astype("<f4").tobytes()


def see(
    camera_id: str,
    at_s: float,
    object_class: str = "vehicle",
    plate: str = "",
    state: str = "read",
    lasts_s: float = 5.0,
    picture: str = "",
    **attributes: str,
) -> ObjectSeen:
    """An object seen `at_s` after the tests' clock began."""
    from_ns = DEFAULT_UTC_NS + round(at_s * NS_PER_S)
    known = {name: AttributeValue(value, 0.9) for name, value in attributes.items()}
    reading = PlateReading(plate, 0.95, state) if plate else None
    return ObjectSeen(
        make_id(from_ns, os.urandom(10)), camera_id, 1, object_class, from_ns, from_ns + round(lasts_s * NS_PER_S),
        from_ns + NS_PER_S, 0.9, (0.4, 0.4, 0.6, 0.6), picture, (0.38, 0.38, 0.62, 0.62), known, reading,
    )  # fmt: skip


class Seer:
    """Puts objects where the analyzer's facts come in."""

    def __init__(self, gateway: Harness) -> None:
        self._gateway = gateway
        self._box = TemplateBox(read_node_key(NodeSettings(data=gateway.data).paths.node_key))

    async def keep(self, *seen: ObjectSeen) -> list[str]:
        for one in seen:
            await self._gateway.parts.objects.keep(one)
        await self._gateway.parts.objects.load()
        return [one.object_id for one in seen]

    def with_vector(
        self, seen: ObjectSeen, vector: bytes, kind: str = "face", release: str = FACE_RELEASE
    ) -> ObjectSeen:
        sealed = self._box.seal(name_place(kind, seen.object_id), vector)
        return replace(seen, vectors=(SealedVector(kind, release, sealed),))

    def write_picture(self, seen: ObjectSeen) -> ObjectSeen:
        """With a picture on disk."""
        relative = f"{seen.object_id[-2:]}/{seen.object_id}.jpg"
        path = NodeSettings(data=self._gateway.data).paths.pictures / relative
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(JPEG)
        return replace(seen, picture=relative)
