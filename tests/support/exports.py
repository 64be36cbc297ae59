"""Real footage in a real volume, and orders for it."""

from collections.abc import Callable, Iterable
from pathlib import Path

from tests.support.clips import make_clip
from tests.support.gateway import API, Harness
from tests.support.recording import Rig, feed
from vedette.core.ids import make_id
from vedette.core.media import Packet, StreamRole
from vedette.core.time import NS_PER_S
from vedette.media.audio_transcode import G711ToAac
from vedette.media.clip_mkv import MkvWriter
from vedette.media.demux import FileReader
from vedette.recording.records import StreamKey
from vedette.streaming.export_job import ExportCamera, ExportFormat, ExportOrder
from vedette.streaming.export_maker import FootageExportMaker
from vedette.streaming.mask_worker import MaskNursery
from vedette.streaming.stream_choice import StreamChoice

START_NS = 1_795_000_000 * NS_PER_S


def camera_id(number: int) -> str:
    return make_id((number + 1) * 1_000_000, bytes(10))  # an id counts milliseconds


def record(rig: Rig, clips: Path, camera: int, *starts_s: float, frames: int = 100, **options) -> None:
    """Records a clip (a key frame a second) once per start, each as a run of its own."""
    path = make_clip(clips, frames=frames, **options)
    for number, start_s in enumerate(starts_s):
        start_ns = START_NS + round(start_s * NS_PER_S)
        with FileReader(path, f"run-{camera}-{start_s}-{number}", start_ns) as reader:
            key = StreamKey(camera_id(camera), StreamRole.MAIN)
            first_id = 1 + 1000 * camera + 100 * number + round(start_s)
            recorder = rig.recorder(key, stream_format=reader.format, first_id=first_id)
            feed(recorder, reader.packets())
            recorder.close()
    rig.store.commit()


def make_order(
    *names: str, from_s: float = 0.0, to_s: float = 4.0, kind: ExportFormat = ExportFormat.MP4, **changes
) -> ExportOrder:
    cameras = tuple(ExportCamera(camera_id(number), name, StreamRole.MAIN) for number, name in enumerate(names))
    fields = {
        "export_id": make_id(START_NS, bytes(10)),
        "cameras": cameras,
        "from_ns": START_NS + round(from_s * NS_PER_S),
        "to_ns": START_NS + round(to_s * NS_PER_S),
        "format": kind,
        "stream": StreamChoice.AUTO,
        "is_bundle": False,
        "purpose": "theft at the gate",
        "user_id": make_id(7, bytes(10)),
        "user_name": "anna",
        "created_ns": START_NS,
    }
    return ExportOrder(**(fields | changes))


def make_maker(rig: Rig) -> FootageExportMaker:
    return FootageExportMaker(rig.reader(), G711ToAac, MkvWriter, MaskNursery().open)


async def add_recorded_camera(
    house: Harness,
    name: str,
    tmp_path: Path,
    seconds: int = 4,
    open_rig: Callable[[Path], Rig] = Rig,
    change: Callable[[Iterable[Packet]], Iterable[Packet]] = iter,
    role: StreamRole = StreamRole.MAIN,
) -> str:
    """Adds a camera with so much footage in the gateway's own volume."""
    body = {"name": name, "main": {"url": "rtsp://192.0.2.9/main"}, "record": role.value}
    body |= {"sub": {"url": "rtsp://192.0.2.9/sub"}} if role is StreamRole.SUB else {}
    async with house.local() as local:
        camera = (await local.post(f"{API}/cameras", json=body)).json()["id"]
    root = house.data / "volumes" / "main"
    rig = open_rig(root)
    with FileReader(make_clip(tmp_path, frames=25 * seconds), f"run-{name}", START_NS) as reader:
        recorder = rig.recorder(StreamKey(camera, role), stream_format=reader.format, first_id=len(name))
        feed(recorder, change(reader.packets()))
        recorder.close()
    rig.store.commit()
    rig.store.close()
    return camera
