"""One simulated camera: its streams, its clock, its login, and the faults that it suffers now."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from vedette.core.errors import InvalidInputError
from vedette.core.media import StreamRole
from vedette.core.time import NS_PER_S
from vedette.runtime.clock import Clock
from vedette.testing.faults import ANSWER_FAULTS, Fault, FaultKind
from vedette.testing.login import Login
from vedette.testing.playout import CameraTime
from vedette.testing.signing import SignedPlayout, SigningKey
from vedette.testing.simulated_stream import SimulatedStream
from vedette.testing.source import SimSource


@dataclass(frozen=True, slots=True)
class CameraSpec:
    """What a simulated camera shows.

    Attributes:
        name: First part of its path: `rtsp://host/NAME/main`.
        main: A file or a source that is already packetised.
        login: None lets everybody watch.
        signing: Its key, when the camera signs what it sends (ONVIF Media Signing).
    """

    name: str
    main: Path | SimSource
    sub: Path | SimSource | None = None
    login: Login | None = None
    signing: SigningKey | None = None

    def __post_init__(self) -> None:
        if not self.name or "/" in self.name or not self.name.isascii() or not self.name.isprintable():
            raise InvalidInputError(f"{self.name!r} is no name for a simulated camera", "Use letters and digits.")


class CameraConnection(Protocol):
    """What a camera can do to a connection that has named it."""

    def abort(self) -> None: ...


class SimulatedCamera:
    """A camera of a `SimServer`.

    Attributes:
        connections: The connections that are open now and have named this camera.
        connection_count: How many there have been.
        answer_fault: How connections are (not) answered now, or None.

    It has been running for `age_s` when it is made: its clip is that far on.
    """

    def __init__(
        self,
        spec: CameraSpec,
        sources: dict[StreamRole, SimSource],
        clock: Clock,
        report_interval_s: float,
        rng: random.Random,
        age_s: float = 0.0,
    ) -> None:
        self.spec = spec
        self.connections: list[CameraConnection] = []
        self.connection_count = 0
        self.answer_fault: FaultKind | None = None
        self._clock = clock
        self._rng = rng
        age_ns = round(age_s * NS_PER_S)
        self._time = CameraTime(clock.mono_ns() - age_ns, clock.utc_ns() - age_ns)
        self.streams = {
            role: SimulatedStream(source, self._time, report_interval_s, self._make_signing(source))
            for role, source in sources.items()
        }

    @property
    def name(self) -> str:
        return self.spec.name

    def disconnect(self) -> None:
        """Breaks all open connections, without a word, as a pulled cable does (the peer gets a reset)."""
        for connection in list(self.connections):
            connection.abort()

    def apply(self, fault: Fault, stream: str = "*", sources: Mapping[StreamRole, SimSource] | None = None) -> None:
        """Switches a fault on; see docs/guide/simulator.md for what each one does.

        `sources` says what a `source` fault changes each stream to.
        """
        kind, mono_ns = fault.kind, self._clock.mono_ns()
        if kind in ANSWER_FAULTS:
            self.answer_fault = kind
            if kind is FaultKind.REFUSE:
                self.disconnect()
        elif kind is FaultKind.CLEAR:
            self.clear(FaultKind.CLEAR, stream)
        elif kind is FaultKind.DISCONNECT:
            self.disconnect()
        elif kind is FaultKind.DRIFT:
            self._time.set_drift(fault.value, mono_ns)
        elif kind is FaultKind.WRONG_NTP:
            self._time.utc_offset_ns = round(fault.value * NS_PER_S)
        elif kind is FaultKind.GARBAGE:
            for each in self._named(stream).values():
                each.write_garbage(round(fault.value), self._rng)
        else:
            for role, each in self._named(stream).items():
                each.apply(fault, mono_ns, (sources or {}).get(role))

    def clear(self, kind: FaultKind = FaultKind.CLEAR, stream: str = "*") -> None:
        """Switches a fault off, or all of them."""
        everything = kind is FaultKind.CLEAR
        if everything or kind is self.answer_fault:
            self.answer_fault = None
        if everything or kind is FaultKind.DRIFT:
            self._time.set_drift(0.0, self._clock.mono_ns())
        if everything or kind is FaultKind.WRONG_NTP:
            self._time.utc_offset_ns = 0
        for each in self._named(stream).values():
            each.clear(kind)

    def _make_signing(self, source: SimSource) -> SignedPlayout | None:
        if self.spec.signing is None:
            return None
        if not source.frames[0].nals:
            raise InvalidInputError(
                f"{self.name} signs, and its clip was loaded without NAL units", "Set SourceOptions.keep_nals."
            )
        return SignedPlayout(self.spec.signing, source.format.video.codec, self._rng)

    def _named(self, stream: str) -> dict[StreamRole, SimulatedStream]:
        return {role: each for role, each in self.streams.items() if stream in {"*", role.value}}
