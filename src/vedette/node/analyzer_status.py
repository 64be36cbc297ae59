"""What the analyzer's status says of its workers and of each camera."""

from dataclasses import asdict

from vedette.core.time import format_utc
from vedette.node.analyzer_camera import CameraPipeline
from vedette.node.analyzer_categories import SetsInForce
from vedette.node.analyzer_watchlists import ListsInForce
from vedette.runtime.jail import JailReport
from vedette.vision.recognize.face_templates import FACE_TEMPLATES
from vedette.vision.recognize.faces import FACES

Status = dict[str, object]


def describe_jail(jail: JailReport | None) -> Status | None:
    """What holds in the workers; None before the first is ready."""
    if jail is None:
        return None
    return {"state": jail.state, "detail": jail.detail, "landlock_abi": jail.landlock_abi, "layers": jail.layers}


def describe_camera(pipeline: CameraPipeline, lists: ListsInForce, sets: SetsInForce, mono_ns: int) -> Status:
    """A row of `cameras`."""
    counters, camera = pipeline.counters, pipeline.camera
    return {
        "camera_id": camera.camera_id,
        "stream": camera.stream,
        "detector": pipeline.detector,
        "state": counters.state,
        "code": counters.code,
        "reason": counters.reason,
        "fps": counters.fps(mono_ns),
        "asked_fps": camera.fps,
        "allowed_fps": round(pipeline.allowance.fps, 1),
        "allowed_tiles": pipeline.tiles.allowed,
        "key_frames_only": pipeline.allowance.key_frames_only,
        "decoded": counters.decoded,
        "analysed": counters.analysed,
        "inferred": counters.inferred,
        "damaged": counters.damaged,
        "thinned": counters.thinned,
        "looks_left_out": pipeline.describer.left_out,
        "close_stream": camera.close_stream,
        "close_frames": pipeline.close_frames,
        "face_lists": _find_face_state(pipeline, lists),
        "categories": [one.terms.name for one in sets.choose(camera.categories)],
        "categories_left_out": [asdict(one) for one in sets.explain(camera.categories)],
        "dropped": pipeline.queue.dropped,
        "waiting": len(pipeline.queue),
        "last_at": format_utc(counters.last_at_ns) if counters.last_at_ns else None,
    }


def _find_face_state(pipeline: CameraPipeline, lists: ListsInForce) -> str:
    """What comes of the lists of faces that look at a camera: `none` of them, `off`, `no_models` or `matching`."""
    if not lists.faces.looks_at(pipeline.camera.camera_id):
        return "none"
    if FACES not in pipeline.camera.recognize:
        return "off"
    return "matching" if FACE_TEMPLATES in pipeline.forms else "no_models"
