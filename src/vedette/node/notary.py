"""The notary role: makes evidence of what the recorders write down, and holds the only key that signs it.

It reads journals, so recording never waits for it; it may be away for two weeks. It imports no PyAV, no inference
runtime and no FastAPI. Design: docs/design/evidence.md.
"""

import asyncio
import re
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime
from typing import TypeVar

from vedette.adapters.role_server import serve_role_app
from vedette.adapters.sqlite_bus import SqliteConsumer, SqlitePublisher
from vedette.adapters.sqlite_evidence_index import SqliteEvidenceIndex
from vedette.adapters.time_stamp_client import request_time_stamp
from vedette.adapters.witness_client import add_checkpoint
from vedette.core.errors import InvalidInputError, StorageError, VedetteError
from vedette.core.ids import is_id
from vedette.core.messages import ControlStateChanged, EventObserved
from vedette.core.time import NS_PER_S, format_utc
from vedette.evidence.bundle import clean
from vedette.evidence.errors import LogDamagedError, ProofRefusedError
from vedette.evidence.keys import KeyRing, open_key_ring
from vedette.evidence.leaves import draft_export, draft_time_step
from vedette.evidence.log import EvidenceLog, open_log
from vedette.evidence.offline_verify import OVERLAP_NS
from vedette.evidence.proofs import CameraProof, LogHead, ProofRequest, SignRequest
from vedette.evidence.prover import make_head, prove_camera
from vedette.node.notary_app import make_notary_app
from vedette.node.notary_events import EventQueue
from vedette.node.notary_keys import DAY_NS, KeyChanges, find_due
from vedette.node.notary_sources import Reading, read_sources
from vedette.node.notary_stamps import NotaryStamps
from vedette.node.notary_status import describe_checkpoint, describe_keys, describe_overlap
from vedette.node.notary_witnesses import NotaryWitnesses
from vedette.node.sealing import describe_sealing
from vedette.runtime.bus import Publisher
from vedette.runtime.clock import Clock, SystemClock, new_id
from vedette.runtime.log import configure_logging, get_logger
from vedette.runtime.process import stop_on_signals
from vedette.runtime.settings import NodeSettings

GROUP = "notary"
CONTROL = "evidence_log"
KEY_CHANGED = "evidence_key_changed"
CHECKPOINT_S = 60.0
CHECK_TREE_S = 30.0
"""One tree is computed anew this often: 100 cameras' month in a day."""
STAMP_LOOK_S = 10.0
"""So often is looked whether a time stamp is due: with a new day at the latest then."""
CLOCK_STEP_NS = 2_000_000_000
WITNESS_WAIT_S = 5.0
"""An export waits so long that its checkpoint is cosigned. It goes on without: verify.py then cannot tell."""
_MOST_OVERLAP_H = OVERLAP_NS // (3600 * NS_PER_S)
_TICK_S = 1.0
_RECENT_DAYS = 2
_EXPORT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_MOST_TEXT = 500
_Found = TypeVar("_Found")


class Notary:
    """The running role. Everything that touches the log runs in a thread, one at a time."""

    def __init__(self, settings: NodeSettings, publisher: Publisher, events: EventQueue, clock: Clock) -> None:
        self._paths = settings.paths
        self._sealing = describe_sealing(settings)
        self._witnesses = NotaryWitnesses(settings.witnesses, add_checkpoint)
        every_s = settings.time_stamp_every_s
        self._stamps = NotaryStamps(settings.time_stamps, every_s, self._paths.evidence, request_time_stamp, clock)
        self._key_days = settings.key_change_days
        self._key_changes: KeyChanges | None = None
        self._is_head_asked = False
        self._witnessed = asyncio.Event()
        self._publisher = publisher
        self._events = events
        self._clock = clock
        self._ring: KeyRing | None = None
        self._log: EvidenceLog | None = None
        self._reading = Reading()
        self._broken = ""
        self._damaged: dict[str, str] = {}
        self._told: tuple[str, str] = ("", "")
        self._step_ns = clock.utc_ns() - clock.mono_ns()
        self._checked = ""
        self._lock = asyncio.Lock()
        self._logger = get_logger("notary")

    async def run(self, stop: asyncio.Event) -> None:
        """Serves until `stop` is set, then signs what it has."""
        app = serve_role_app(make_notary_app(self), self._paths.socket("notary"))
        async with asyncio.TaskGroup() as tasks, app:
            working = [
                tasks.create_task(self._events.run(), name="events"),
                tasks.create_task(self._keep_logging(), name="log"),
                tasks.create_task(self._keep_checking(), name="check"),
                tasks.create_task(self._keep_witnessed(), name="witnesses"),
                tasks.create_task(self._keep_stamped(), name="time stamps"),
            ]
            await stop.wait()
            for task in working:
                task.cancel()
        await self.advance()
        if self._log is not None:
            self._log.close()

    async def advance(self) -> None:
        """Reads every source and signs what is new. What fails is told on the health page, and tried again."""
        try:
            await self._in_thread(self._advance)
        except VedetteError as error:
            self._logger.error("evidence cannot be logged", code=error.code, reason=error.message)  # noqa: TRY400 -- told in full
        else:
            await self._events.commit_logged()
        self._tell()

    async def take_head(self) -> LogHead:
        """Raises VedetteError when the log does not hold. Waits for witnesses, if there are any, but not for long."""
        await self.advance()
        if not self._witnesses.is_empty:
            self._is_head_asked = True
            self._witnessed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(WITNESS_WAIT_S):
                    await self._witnessed.wait()
        return await self._in_thread(lambda: make_head(self._open()))

    async def prove(self, request: ProofRequest) -> CameraProof:
        return await self._in_thread(lambda: prove_camera(self._open(), request))

    async def sign_manifest(self, request: SignRequest) -> str:
        """Logs the export before it signs it: a bundle that nobody knows of cannot be valid."""
        if not _EXPORT_ID.fullmatch(request.export_id) or not _HEX64.fullmatch(request.sha256):
            raise InvalidInputError("an export has an id of letters and digits, and a SHA-256 in hex")
        if max(len(request.by), len(request.purpose)) > _MOST_TEXT or not all(map(is_id, request.cameras)):
            raise InvalidInputError("the export's texts are too long, or its cameras have no ids")
        return await self._in_thread(lambda: self._sign(request))

    async def rotate_key(self, reason: str, overlap_h: int = _MOST_OVERLAP_H) -> str:
        """Changes the signing key; returns the new fingerprint. The old one signs beside it for `overlap_h` hours.

        Raises:
            InvalidInputError: more than a day was asked for.
        """
        if not 0 <= overlap_h <= _MOST_OVERLAP_H:
            raise InvalidInputError(f"a replaced key signs for 0 to {_MOST_OVERLAP_H} hours more, not {overlap_h}")
        text, overlap_ns = clean(reason)[:_MOST_TEXT], overlap_h * 3600 * NS_PER_S
        await self.advance()
        fingerprint = await self._in_thread(lambda: self._open().rotate_key(text, self._clock.utc_ns(), overlap_ns))
        self._logger.info("signing key changed", fingerprint=fingerprint, reason=text, overlap_h=overlap_h)
        self._tell_change(text)
        self._tell()
        return fingerprint

    def status(self) -> dict[str, object]:
        """The answer of `GET /evidence`."""
        ring, log = self._ring, self._log
        state, detail = self._judge()
        return {
            "site": ring.site if ring else "",
            "fingerprint": ring.present.fingerprint if ring else "",
            "log_key": ring.site_key if ring else "",
            "keys": describe_keys(ring) if ring else [],
            "key_due": self._describe_due(ring) if ring else None,
            "checkpoint": describe_checkpoint(log) if log else None,
            "behind": self._reading.behind,
            "sealing": self._sealing,
            "witnesses": self._witnesses.describe(),
            "time_stamps": self._stamps.describe(),
            "state": state,
            "detail": detail,
        }

    async def _keep_logging(self) -> None:
        """The clock is looked at every second, so that a step and its end are not taken for nothing."""
        await self.advance()
        left_s = CHECKPOINT_S
        while True:
            await self._clock.sleep(_TICK_S)
            step_ns = self._clock.utc_ns() - self._clock.mono_ns() - self._step_ns
            left_s -= _TICK_S
            if abs(step_ns) > CLOCK_STEP_NS:
                self._step_ns += step_ns
                await self._log_step(step_ns)
            if self._is_key_due():
                await self._change_due_key()
            if left_s <= 0:
                left_s = CHECKPOINT_S
                await self.advance()

    def _is_key_due(self) -> bool:
        """Looks at the clocks every second, from the first time on that the log is open."""
        if self._log is None or self._key_changes is None:
            return False
        now_ns, mono_ns = self._clock.utc_ns(), self._clock.mono_ns()
        self._key_changes.push(now_ns, mono_ns)
        return self._key_changes.take_due(self._log.ring.present, now_ns, mono_ns)

    async def _change_due_key(self) -> None:
        try:
            await self.rotate_key(f"due: keys are changed every {self._key_days} days")
        except VedetteError as error:
            self._logger.error("signing key not changed", reason=error.message)  # noqa: TRY400 -- told in full

    async def _log_step(self, step_ns: int) -> None:
        now_ns = self._clock.utc_ns()
        try:
            await self._in_thread(lambda: self._open().append([draft_time_step(step_ns, now_ns)], now_ns))
        except VedetteError as error:
            self._logger.error("clock step not logged", reason=error.message, step_ns=step_ns)  # noqa: TRY400 -- as above

    async def _keep_witnessed(self) -> None:
        """After each checkpoint's time, and when a head is asked for. A slow witness never delays the log."""
        if self._witnesses.is_empty:
            return
        left_s = CHECKPOINT_S
        while True:
            await self._clock.sleep(_TICK_S)
            left_s -= _TICK_S
            if left_s > 0 and not self._is_head_asked:
                continue
            left_s, is_asked, self._is_head_asked = CHECKPOINT_S, self._is_head_asked, False
            await self._witnesses.submit(self._on_log)
            if is_asked:
                self._witnessed.set()
            self._tell()

    async def _keep_stamped(self) -> None:
        """In a task of its own: an authority that does not answer delays nothing."""
        while not self._stamps.is_empty:
            await self._clock.sleep(STAMP_LOOK_S)
            await self._stamps.stamp(self._on_log)
            self._tell()

    async def _on_log(self, work: Callable[[EvidenceLog], _Found]) -> _Found:
        return await self._in_thread(lambda: work(self._open()))

    async def _keep_checking(self) -> None:
        while True:
            await self._clock.sleep(CHECK_TREE_S)
            try:
                await self._in_thread(self._check_next)
            except VedetteError as error:
                self._logger.error("evidence log not checked", reason=error.message)  # noqa: TRY400 -- as above
            self._tell()

    async def _in_thread(self, work: Callable[[], _Found]) -> _Found:
        """Runs something on the log. After a failure the log is opened anew, which cuts it back to what is signed."""
        async with self._lock:
            try:
                return await asyncio.to_thread(work)
            except (ProofRefusedError, InvalidInputError):
                raise
            except (VedetteError, OSError) as error:
                self._broken = str(error)
                if self._log is not None:
                    self._log.close()
                    self._log = None
                if isinstance(error, OSError):
                    raise StorageError(f"the evidence log cannot be used: {error}") from error
                raise

    def _open(self) -> EvidenceLog:
        if self._log is None:
            folder = self._paths.evidence
            self._ring = open_key_ring(self._paths.log_keys, self._clock.utc_ns())
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with ExitStack() as stack:
                index = stack.enter_context(closing(SqliteEvidenceIndex(folder / "lookup.db")))
                log = open_log(folder, self._ring, index)
                self._check_recent(log)
                stack.pop_all()
            self._log, self._broken = log, ""
            if self._key_changes is None:  # before anything is signed by the clock of this start
                newest_ns = log.checkpoint_at_ns or self._ring.present.from_ns
                self._key_changes = KeyChanges(self._key_days, newest_ns)
        return self._log

    def _advance(self) -> None:
        log = self._open()
        if log.end_overlap(self._clock.utc_ns()):
            self._logger.info("signing key before destroyed", fingerprint=log.ring.keys[-2].fingerprint)
        self._reading = read_sources(log, self._paths, self._clock.utc_ns)
        self._events.append_to(log, self._clock.utc_ns(), is_id)
        log.checkpoint(self._clock.utc_ns())

    def _sign(self, request: SignRequest) -> str:
        log, now_ns = self._open(), self._clock.utc_ns()
        log.end_overlap(now_ns)
        log.ring.find_signer(request.fingerprint)  # before the export is logged
        log.append([draft_export(request, now_ns)], now_ns)
        log.checkpoint(now_ns)
        return log.ring.sign_export(request.export_id, request.sha256, request.fingerprint)

    def _check_recent(self, log: EvidenceLog) -> None:
        """At start: the site log and the trees that will still grow. Raises LogDamagedError."""
        log.check_site()
        days = {_day(self._clock.utc_ns() - back * 86_400 * 10**9) for back in range(_RECENT_DAYS)}
        after = ""
        while rows := log.index.find_trees(after, 500):
            after = rows[-1].tree
            for row in rows:
                if row.tree[-8:] in days:
                    log.check_tree(row)

    def _check_next(self) -> None:
        """One tree after the other, for ever. Damage to one of the past is told, and does not stop today's."""
        log = self._open()
        rows = log.index.find_trees(self._checked, 1)
        if not rows:
            self._checked = ""
            log.check_site()
            return
        (row,) = rows
        self._checked = row.tree
        try:
            log.check_tree(row)
            self._damaged.pop(row.tree, None)
        except LogDamagedError as error:
            self._damaged[row.tree] = error.message

    def _judge(self) -> tuple[str, str]:
        if self._broken:
            return "absent", self._broken
        problems = [*self._reading.problems, *self._damaged.values(), *self._witnesses.problems, *self._stamps.problems]
        if problems:
            return "weakened", "; ".join(problems)[:1000]
        if self._log is None:
            return "absent", "starting"
        return "holds", "footage, audit trail and events are logged and signed" + describe_overlap(self._log.ring)

    def _describe_due(self, ring: KeyRing) -> str | None:
        due_ns = find_due(ring.present, self._key_days * DAY_NS)
        return None if due_ns is None else format_utc(due_ns)

    def _tell_change(self, reason: str) -> None:
        """An event: who keeps the fingerprint and who runs a witness must hear of it, whoever changed the key."""
        ring, now_ns = self._ring, self._clock.utc_ns()
        if ring is None:
            return
        detail = f"new fingerprint {ring.present.fingerprint}{describe_overlap(ring)}. Why: {reason}"[:_MOST_TEXT]
        self._publisher.publish_nowait(
            EventObserved(new_id(self._clock), "", KEY_CHANGED, now_ns, now_ns, "", 1.0, detail=detail)
        )

    def _tell(self) -> None:
        """Says a change once."""
        judged = self._judge()
        if judged != self._told:
            self._told = judged
            state, detail = judged
            (self._logger.info if state == "holds" else self._logger.error)("evidence log", state=state, detail=detail)
            self._publisher.publish_nowait(ControlStateChanged(CONTROL, state, detail, self._clock.utc_ns()))


def _day(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // 10**9, UTC).strftime("%Y%m%d")


async def _run(settings: NodeSettings) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    clock = SystemClock()
    consumer = SqliteConsumer(settings.paths.bus, GROUP, clock, poll_s=_TICK_S)  # events wait for footage anyway
    try:
        with SqlitePublisher(settings.paths.bus, "notary", clock) as publisher:
            await Notary(settings, publisher, EventQueue(consumer, clock), clock).run(stop)
    finally:
        consumer.close()


def run(settings: NodeSettings) -> int:
    """Runs the notary until SIGINT or SIGTERM. Returns the exit code."""
    configure_logging("notary")
    settings.paths.prepare()
    asyncio.run(_run(settings))
    return 0
