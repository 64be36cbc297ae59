"""The hazard that footage of cameras is profiled: refused by place and by marks, and no way of a camera leads there."""

import ast
from pathlib import Path

import cv2
import numpy as np
import pytest

import vedette
from vedette.core.errors import ConflictError
from vedette.media.mp4_file import make_udta
from vedette.node.gallery_marks import PlaceJudge, SurveillanceFootageError, check_places, find_mark
from vedette.node.gallery_results import check_free
from vedette.node.recognizers import RECOGNIZERS
from vedette.recording.cipher_format import FILE_MAGIC
from vedette.recording.stamp import STAMP_TYPE
from vedette.runtime.paths import NodePaths
from vedette.streaming.export_marks import make_notes
from vedette.vision.categories.embedding import EMBEDDING_FORM
from vedette.vision.drawing import encode_jpeg
from vedette.vision.enhance.marks import describe_enhancement, mark_picture
from vedette.vision.recognize.forms import FORMS, GROUPS

SOURCE = Path(vedette.__file__).parent
MAY_USE = {"node/gallery.py", "node/gallery_worker.py", "node/gallery_results.py", "cli/profile.py"}


def test_surveillance_footage_is_refused_by_its_place(tmp_path: Path) -> None:
    paths = NodePaths(tmp_path / "var")
    paths.prepare()
    paths.database.touch()
    volume, bundle, own = tmp_path / "disk", tmp_path / "bundle", tmp_path / "own"
    for folder in (volume / "segments", bundle / "clips", own / "holiday", paths.exports / "job"):
        folder.mkdir(parents=True)
    (volume / "volume.json").touch()
    for name in ("manifest.json", "manifest.note"):
        (bundle / name).touch()
    judge = PlaceJudge()
    for place in (
        paths.pictures / "a.jpg",
        paths.exports / "job/a.mp4",
        volume / "segments/a.mp4",
        bundle / "clips/a.mp4",
    ):
        place.touch()
        assert judge.judge(place), place
        with pytest.raises(SurveillanceFootageError, match="never of what cameras saw"):
            check_places([own, place.parent], judge)
    link = own / "holiday/link.jpg"
    link.symlink_to(paths.pictures / "a.jpg")
    assert judge.judge(link)
    (own / "holiday/a.jpg").touch()
    (own / "manifest.json").touch()
    assert judge.judge(own / "holiday/a.jpg") == ""
    check_places([own], judge)


def test_surveillance_footage_is_refused_by_its_marks(tmp_path: Path) -> None:
    image = np.zeros((16, 16, 3), np.uint8)
    plain = bytes(cv2.imencode(".jpg", image)[1])
    notes = make_notes(title="Door", user_name="Kim", user_id="1", purpose="theft", export_id="7")
    far = bytes((1 << 20) - 5)
    for name, data in (
        ("snapshot.jpg", encode_jpeg(image)),
        ("enhanced.jpg", mark_picture(plain, "jpeg", describe_enhancement("r1", "clean"))),
        ("export.mp4", b"ftyp" + far + make_udta(notes) + far),
        ("export.mkv", b"\x1aE\xdf\xa3" + far + notes["comment"].encode()),
        ("segment.mp4", b"ftyp" + far + STAMP_TYPE),
        ("encrypted.mp4", FILE_MAGIC + far),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        assert find_mark(path), name
    own = tmp_path / "own.jpg"
    own.write_bytes(plain)
    assert find_mark(own) == ""


def test_a_marked_snapshot_is_still_a_picture() -> None:
    image = np.full((16, 24, 3), 90, np.uint8)
    shown = cv2.imdecode(np.frombuffer(encode_jpeg(image), np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert abs(int(shown.mean()) - 90) <= 1


def test_no_way_of_a_camera_leads_to_profiles() -> None:
    """Neither the API nor any role may call it: only the command, its worker, and what they write."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        relative = path.relative_to(SOURCE).as_posix()
        if relative.startswith("vision/profile/"):
            continue
        imported = {name for node in ast.walk(ast.parse(path.read_text("utf-8"))) for name in _names(node)}
        if any(name.startswith(("vedette.vision.profile", "vedette.node.gallery")) for name in imported):
            found.add(relative)
    assert found == MAY_USE
    using = [plan for plan in RECOGNIZERS if "mobilenet-v2-imagenet" in {name for row in plan.models for name in row}]
    assert [plan.form for plan in using] == [EMBEDDING_FORM]
    assert not EMBEDDING_FORM.labels  # a vector for the operator's own categories, never what the model would name
    assert not EMBEDDING_FORM.numbers
    assert EMBEDDING_FORM.group not in GROUPS
    assert "contents" not in FORMS


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names] if node.module else []
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def test_profile_is_not_written_among_somebodys_own_files(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(ConflictError):
        check_free(tmp_path)
    (tmp_path / "profile.json").write_text("{}")
    check_free(tmp_path)
    check_free(tmp_path / "new")
