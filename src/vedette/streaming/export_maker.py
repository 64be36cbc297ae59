"""Makes the files of an export: which footage, in how many files, under which names, and what is missing.

Runs in a thread; two cameras at a time, because reading, hashing and writing leave the interpreter free. Footage that
is deleted in the middle is planned again without it. Cameras with parts to hide are encoded anew, the others copied.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

from vedette.core.errors import NotFoundError
from vedette.streaming.download import NoFootageError, PieceReader, Selection, select_files
from vedette.streaming.export_enhance import ENHANCED_MARK, estimate_s
from vedette.streaming.export_job import (
    ExportCamera,
    ExportFile,
    ExportFormat,
    ExportGap,
    ExportOrder,
    ExportOutcome,
    name_files,
)
from vedette.streaming.export_marks import Notes, make_order_notes
from vedette.streaming.export_masked import MaskedWriter, hash_file
from vedette.streaming.export_mp4 import Mp4Writer, WrittenFile
from vedette.streaming.export_ports import ExportCancelledError, FootageFiles, Report
from vedette.streaming.mask_worker import MaskerOpener
from vedette.streaming.masked_footage import MaskedFootage
from vedette.streaming.media_line import GAP_FROM_NS
from vedette.streaming.mkv_download import FileWriterFactory
from vedette.streaming.mp4_download import FootageChangedError
from vedette.streaming.sound import EncoderFactory

AT_ONCE = 2
MASKED_MARK = " masked"
"""Behind a camera's name in that of its file: who finds the file shall not take it for the original."""
_ATTEMPTS = 3


class FootageExportMaker:
    """See `vedette.streaming.export_ports.ExportMaker`."""

    def __init__(
        self,
        files: FootageFiles,
        open_encoder: EncoderFactory,
        open_writer: FileWriterFactory,
        open_masker: MaskerOpener,
    ) -> None:
        self._files = files
        self._open_encoder = open_encoder
        self._open_writer = open_writer
        self._open_masker = open_masker

    def estimate_bytes(self, order: ExportOrder) -> int:
        runs = [
            run
            for camera in order.cameras
            if camera.role is not None
            for run in self._files.find_runs(camera.camera_id, camera.role, order.from_ns, order.to_ns)
        ]
        return sum(run.size_bytes for run in runs)

    def estimate_enhancing_s(self, order: ExportOrder) -> float:
        total_s = 0.0
        for camera in order.cameras:
            if camera.role is None:
                continue
            wanted = (camera.camera_id, camera.role, order.from_ns, order.to_ns)
            for first in self._files.find_fragments(*wanted, 1):
                video = self._files.read_init(first.segment).format.video
                frames = sum(run.frames for run in self._files.find_runs(*wanted))
                total_s += estimate_s(video.width * video.height, frames)
        return total_s

    def make(self, order: ExportOrder, folder: Path, report: Report) -> ExportOutcome:
        """Makes all files.

        Raises:
            NoFootageError: there is nothing of any camera any more.
            MaskerLostError: the child that masks a camera ended.
        """
        is_hopeless = threading.Event()

        def check(more_bytes: int) -> None:
            if is_hopeless.is_set():
                raise ExportCancelledError("another camera of this export failed")
            report(more_bytes)

        def make_one(camera: ExportCamera) -> _Result:
            try:
                return self._make_camera(order, camera, folder, check)
            except BaseException:
                is_hopeless.set()  # masking takes minutes: nobody waits for files that will not be handed out
                raise

        with ThreadPoolExecutor(AT_ONCE, "export") as pool:
            work = [pool.submit(make_one, camera) for camera in order.cameras]
            wait(work)
        faults = [fault for one in work if (fault := one.exception()) is not None]
        for fault in sorted(faults, key=lambda fault: isinstance(fault, ExportCancelledError)):
            raise fault
        results = [one.result() for one in work]
        outcome = _name_all(order, folder, results)
        if not outcome.files:
            raise NoFootageError("nothing of the range is recorded any more", "Look at the timeline.")
        return outcome

    def _make_camera(self, order: ExportOrder, camera: ExportCamera, folder: Path, report: Report) -> "_Result":
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                selections = self._select(order, camera)
                files = [self._make_file(order, camera, one, folder, report) for one in selections]
                return files, find_missing(camera.camera_id, selections, order.from_ns, order.to_ns)
            except (FootageChangedError, NotFoundError):
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    def _select(self, order: ExportOrder, camera: ExportCamera) -> Sequence[Selection]:
        if camera.role is None:
            return ()
        try:
            return select_files(self._files, camera.camera_id, camera.role, order.from_ns, order.to_ns)
        except NoFootageError:
            return ()

    def _make_file(
        self, order: ExportOrder, camera: ExportCamera, selection: Selection, folder: Path, report: Report
    ) -> tuple[Path, ExportFile]:
        draft = folder / f".{camera.camera_id}-{selection.first_ns}"
        draft.unlink(missing_ok=True)
        notes = make_order_notes(order, camera)
        if camera.masked:
            done = self._write_masked(order.format, selection, camera, draft, notes, report)
        else:
            write = self._write_mp4 if order.format is ExportFormat.MP4 else self._write_mkv
            done = write(selection, draft, notes, report)
        file = ExportFile("", done.size_bytes, done.sha256, camera.camera_id, selection.first_ns)
        return draft, _tell_sources(file, selection, order.to_ns) if camera.masked else file

    def _write_masked(
        self,
        kind: ExportFormat,
        selection: Selection,
        camera: ExportCamera,
        draft: Path,
        notes: Notes,
        report: Report,
    ) -> WrittenFile:
        writer = MaskedWriter(
            MaskedFootage(self._files, selection, camera.masked, self._open_encoder, self._open_masker)
        )
        if kind is ExportFormat.MP4:
            return writer.write_mp4(draft, notes, report)
        return writer.write_mkv(draft, self._open_writer, notes, report)

    def _write_mp4(self, selection: Selection, draft: Path, notes: Notes, report: Report) -> WrittenFile:
        spool = draft.with_name(f"{draft.name}.sound")
        return Mp4Writer(self._files, selection, self._open_encoder, spool).write(draft, notes, report)

    def _write_mkv(self, selection: Selection, draft: Path, notes: Notes, report: Report) -> WrittenFile:
        pieces = PieceReader(self._files, selection, self._open_encoder)
        writer = self._open_writer(draft, replace(selection.format, audio=pieces.audio_format()), notes)
        for fragment, piece in zip(selection.fragments, pieces.pieces(), strict=True):
            writer.write(sorted((*piece.video, *piece.audio), key=lambda packet: packet.dts_90k))
            report(fragment.size_bytes)
        writer.finish()
        return hash_file(draft)


_Result = tuple[list[tuple[Path, ExportFile]], list[ExportGap]]


def _tell_sources(file: ExportFile, selection: Selection, to_ns: int) -> ExportFile:
    """Says of a masked file when it shows and what it was made of: nobody can see that from its bytes."""
    edges = [selection.first_ns, *(at for gap in selection.gaps for at in gap)]
    edges.append(min(selection.fragments[-1].end_ns, to_ns))
    spans = tuple((start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end)
    # What is only decoded to get to the first picture may lie in a segment before the range, which no proof names.
    shown = (fragment for fragment in selection.fragments if fragment.end_ns > selection.first_ns)
    ids = tuple(dict.fromkeys(fragment.segment.segment_id for fragment in shown))
    return replace(file, is_masked=True, spans_ns=spans, segment_ids=ids)


def find_missing(camera_id: str, selections: Sequence[Selection], from_ns: int, to_ns: int) -> list[ExportGap]:
    """Finds the stretches of the asked range that no file shows: before, between, inside and after the files."""
    covered_ns = from_ns
    gaps = []
    for selection in selections:
        gaps.append((covered_ns, selection.first_ns))
        gaps += selection.gaps
        covered_ns = max(covered_ns, selection.fragments[-1].end_ns)
    gaps.append((covered_ns, to_ns))
    return [ExportGap(camera_id, start, end) for start, end in gaps if end - start >= GAP_FROM_NS]


def _name_all(order: ExportOrder, folder: Path, results: Sequence[_Result]) -> ExportOutcome:
    """Gives the files their names, when it is known how many there are of each camera."""
    enhanced = ENHANCED_MARK * order.is_enhanced
    names = {camera.camera_id: camera.name + MASKED_MARK * bool(camera.masked) + enhanced for camera in order.cameras}
    drafts = [draft for files, _ in results for draft in files]
    chosen = name_files(tuple(names[file.camera_id] for _, file in drafts), order.format.value)
    for (draft, _), name in zip(drafts, chosen, strict=True):
        draft.rename(folder / name)
    files = tuple(replace(file, name=name) for (_, file), name in zip(drafts, chosen, strict=True))
    return ExportOutcome(files, tuple(gap for _, gaps in results for gap in gaps))
