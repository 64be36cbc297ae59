"""The notary role as a real process, and a bundle made with it as an export does."""

import signal
import subprocess
import sys
from pathlib import Path

from tests.support.waiting import wait_until
from vedette.adapters.notary_client import NotaryClient
from vedette.adapters.role_probe import is_role_answering
from vedette.evidence.bundle import BundleCamera, BundleContents, Manifest, seal_bundle, write_contents
from vedette.evidence.proofs import CameraProof, LogHead, ProofRequest, SignRequest
from vedette.node.bundle_footage import VolumeFootage
from vedette.recording.archive_keys import ArchiveKeyRing

FORBIDDEN = ("av", "cv2", "fastapi", "openvino", "sqlalchemy", "alembic", "pydantic", "numpy")
PRELUDE = f"""
import sys

class Forbid:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {FORBIDDEN!r}:
            raise ModuleNotFoundError(f"the notary must not import {{name}}", name=name)

sys.meta_path.insert(0, Forbid())
"""


class NotaryProcess:
    """One notary. Start it, kill it, start it again on the same data directory."""

    def __init__(self, data: Path, *extra: str) -> None:
        self.data = data
        self._extra = extra
        self.socket = data / "run" / "notary.sock"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        code = f"{PRELUDE}\nfrom vedette.cli import main\nmain()\n"
        command = [sys.executable, "-c", code, "serve", "--role", "notary", "--data", str(self.data), *self._extra]
        self._process = subprocess.Popen(command, stderr=(self.data / "notary.log").open("ab"))

        async def is_up() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, (self.data / "notary.log").read_text()
            return await is_role_answering(self.socket)

        await wait_until(is_up)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def stop(self) -> int:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(30)

    def client(self) -> NotaryClient:
        return NotaryClient(self.socket)


async def make_bundle(
    notary: NotaryClient,
    data: Path,
    folder: Path,
    cameras: dict[str, str],
    from_ns: int,
    to_ns: int,
    keys: ArchiveKeyRing | None = None,
) -> tuple[LogHead, list[CameraProof], Manifest]:
    """Makes a bundle of the main streams, through the notary's socket."""
    head = await notary.take_head()
    proofs = [
        await notary.prove(ProofRequest(camera_id, ("main",), from_ns, to_ns, head.size, head.fingerprint))
        for camera_id in cameras
    ]
    contents = BundleContents(
        export_id="01JD5Q8Z3M6V1T9W4X7Y2B0C8D",
        by="anna",
        purpose="a case",
        made_at_ns=to_ns,
        from_ns=from_ns,
        to_ns=to_ns,
        tool="vedette",
        head=head,
        cameras=tuple(BundleCamera(cameras[proof.camera_id], ("main",), proof) for proof in proofs),
    )
    footage = VolumeFootage([data / "volumes" / "main"], keys)
    try:
        manifest = write_contents(folder, contents, footage)
    finally:
        footage.close()
    ids = tuple(cameras)
    request = SignRequest(contents.export_id, "anna", "a case", ids, from_ns, to_ns, manifest.sha256, head.fingerprint)
    seal_bundle(folder, await notary.sign_manifest(request))
    return head, proofs, manifest


def run_verifier(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """As somebody without Vedette does it: Python alone, an empty environment, from the bundle's own folder."""
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), *arguments]
    return subprocess.run(command, env={}, cwd="/", capture_output=True, text=True, check=False, timeout=60)
