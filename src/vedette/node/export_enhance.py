"""Enlarges the clips of an export, one after another, in jailed workers; `streaming.export_ports.ClipEnhancer`.

The small clip (masked already, for whom it has to be) lies beside the result only while it is worked on.
"""

import asyncio
from dataclasses import replace
from pathlib import Path

from vedette.node.enhance import EnhancePlan, enhance_file
from vedette.streaming.export_job import ExportFile, ExportOrder, ExportOutcome
from vedette.streaming.export_marks import make_order_notes
from vedette.streaming.export_masked import hash_file
from vedette.streaming.export_ports import ENHANCE_WEIGHT, Report

_NICENESS = 10
"""Nobody watches: it gives way to recording and live pictures, as masked exports do."""


class WorkerClipEnhancer:
    """See the module's head."""

    async def make(self, order: ExportOrder, folder: Path, clips: ExportOutcome, report: Report) -> ExportOutcome:
        return replace(clips, files=tuple([await self._make_one(order, folder, clip, report) for clip in clips.files]))

    async def _make_one(self, order: ExportOrder, folder: Path, clip: ExportFile, report: Report) -> ExportFile:
        small = folder / clip.name
        large = small.with_name(f".large-{small.name}")
        told_bytes = 0

        def tell(at_s: float, duration_s: float) -> None:
            """Raises when nobody wants it any more: the worker ends with it."""
            nonlocal told_bytes
            done = min(1.0, at_s / duration_s) if duration_s else 0.0
            done_bytes = int(done * ENHANCE_WEIGHT * clip.size_bytes)
            report(max(0, done_bytes - told_bytes))
            told_bytes = max(told_bytes, done_bytes)

        plan = EnhancePlan(threads=1, niceness=_NICENESS, remark=_remark(order, clip))
        await enhance_file(small, large, plan, tell)
        large.replace(small)
        written = await asyncio.to_thread(hash_file, small)
        return replace(clip, size_bytes=written.size_bytes, sha256=written.sha256, is_enhanced=True)


def _remark(order: ExportOrder, clip: ExportFile) -> str:
    """Who took it out, why, and under which number (AR10), as every exported file says."""
    camera = next(one for one in order.cameras if one.camera_id == clip.camera_id)
    return make_order_notes(order, camera)["comment"]
