"""The recorder records in an environment without what it must never have."""

from tests.support.clips import make_clip
from tests.support.recorder import RecorderProcess, has_stored, make_assignment, urls_of
from vedette.testing.sim_server import SimServer
from vedette.testing.simulated_camera import CameraSpec

FORBIDDEN = ("av", "cv2", "fastapi", "openvino", "sqlalchemy", "alembic", "pydantic", "httpx", "numpy")
PRELUDE = f"""
import sys

class Forbid:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {FORBIDDEN!r}:
            raise ModuleNotFoundError(f"the recorder must not import {{name}}", name=name)

sys.meta_path.insert(0, Forbid())
"""


async def test_it_starts_and_records_without_decoders_inference_web_framework_or_orm(tmp_path) -> None:
    clip = make_clip(tmp_path, frames=50)
    async with SimServer([CameraSpec("cam0", clip)]) as server:
        recorder = RecorderProcess(tmp_path)
        recorder.assign_file(make_assignment(urls_of(server)))
        recorder.start(PRELUDE)
        try:
            await recorder.wait_status(has_stored(25))
            assert recorder.stop() == 0
        finally:
            recorder.kill()
