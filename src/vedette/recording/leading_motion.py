"""The motion of a camera, told to one of its streams by another one's pictures.

Pure: times are arguments. A camera sees one scene, so its streams have one signal: the sub stream's sizes when it is
received, because it is encoded at a low rate without the tricks that hide rest in a main stream, and is the one the
analyzer looks at too. It leads from when quiet is learned until it has been silent for three seconds; before and
after that a stream's own sizes decide. Motion in those three seconds is not lost: `missed_since_ns` says from when
on the own sizes count. Design: docs/design/recording-plan.md.
"""

from vedette.core.media import Packet
from vedette.core.time import NS_PER_S
from vedette.recording.packet_motion import PacketMotion

_SILENT_NS = 3 * NS_PER_S


class LeadingMotion:
    """The sizes of the leading stream, as one other stream's gate sees them.

    Attributes:
        missed_since_ns: `captured_at` of the leader's newest picture, None before the first.
    """

    def __init__(self, sensitivity: float) -> None:
        self._sensitivity = sensitivity
        self._motion = PacketMotion(sensitivity)
        self._last_mono_ns = 0
        self.missed_since_ns: int | None = None

    @property
    def is_trustworthy(self) -> bool:
        return self._motion.is_trustworthy

    def tune(self, sensitivity: float) -> None:
        """Judges by another sensitivity from now on."""
        self._sensitivity = sensitivity
        self._motion.tune(sensitivity)

    def begin_run(self) -> None:
        """The leader has a new run or new parameters: its sizes must be learned anew."""
        self._motion = PacketMotion(self._sensitivity)

    def push(self, packet: Packet, mono_ns: int) -> int | None:
        """Takes a picture of the leader; returns since when (`captured_at`) something moves, None when nothing does."""
        self._last_mono_ns, self.missed_since_ns = mono_ns, packet.captured_at_ns
        if not self._motion.push(packet):
            return None
        return self._motion.began_ns

    def is_leading(self, mono_ns: int) -> bool:
        """It is received and knows what quiet looks like. Whether it can be trusted is another question."""
        return (
            self.missed_since_ns is not None and mono_ns - self._last_mono_ns <= _SILENT_NS and self._motion.is_learned
        )
