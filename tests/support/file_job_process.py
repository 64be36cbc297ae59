"""A process that runs the jobs of a folder until it is killed: `python -m tests.support.file_job_process FOLDER`.

Its journals are flushed many times a second, so that a test need not wait. `python -m ... FOLDER FPS`: as soon as a
job has done something it is set to this rate.
"""

import asyncio
import sys
from pathlib import Path

from typing_extensions import override

from tests.support.file_jobs import MotionPlanner, running
from vedette.runtime.clock import SystemClock
from vedette.vision.file_jobs import JobChange

_HURRY = 100


class HurriedClock(SystemClock):
    """Monotonic time goes a hundred times as fast."""

    @override
    def mono_ns(self) -> int:
        return super().mono_ns() * _HURRY


async def main(folder: Path, fps: float | None) -> None:
    async with running(folder, HurriedClock(), planner=MotionPlanner()) as jobs:
        while True:
            for job in jobs.list_jobs():
                if fps is not None and job.progress.done_s > job.progress.duration_s / 4 and job.terms.fps != fps:
                    await jobs.change(job.job_id, JobChange(fps=fps))
            await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else None))
