"""Hazards of a face comparison that others drive: wrong return codes, templates of strangers, logs nobody can read."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from evals.face_pairs import read_template_matches
from evals.frte import CREATE_HEADER, MATCH_HEADER, create_templates, match_all, run_pairs
from vedette.core.errors import InvalidInputError
from vedette.vision.recognize.face_detector import FaceDetector
from vedette.vision.recognize.face_traits import FaceEmbedder
from vedette.vision.recognize.frte import EyePair, FaceVerifier, ReturnCode

SIDE = 160


class BrightFaceNetwork:
    """Finds one face of 32 pixels, 8 right of and 24 above the middle, in every picture whose middle is bright."""

    release = "bright-face"

    def infer(self, tensor: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        outputs = {}
        for stride in (8, 16, 32):
            cells = (SIDE // stride) ** 2
            for name, width in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
                outputs[f"{name}_{stride}"] = np.zeros((1, cells, width), np.float32)
        cell = 3 * (SIDE // 16) + 4
        outputs["cls_16"][0, cell] = outputs["obj_16"][0, cell] = 0.9 * (tensor[0, :, 80, 80].mean() > 120)
        outputs["bbox_16"][0, cell] = [0.5, 0.5, np.log(2), np.log(2)]
        points = np.array([[30, 40], [70, 40], [50, 62], [34, 82], [66, 82]], np.float32)
        outputs["kps_16"][0, cell] = ((points - 50) / 50).reshape(-1) + 0.5
        return outputs


class PixelNetwork:
    """Embeds a face by 256 of its own pixels."""

    def __init__(self, release: str = "pixels") -> None:
        self.release = release

    def infer(self, tensor: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        grid = np.linspace(0, tensor.shape[2] - 1, 16).astype(int)
        return {"vector": tensor[:, 0][:, grid][:, :, grid].reshape(1, -1) - 128}


class BrokenNetwork(PixelNetwork):
    def infer(self, tensor: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        raise InvalidInputError(f"{tensor.shape} is not what I know")


def make_verifier(embedding: PixelNetwork | None = None) -> FaceVerifier:
    return FaceVerifier(FaceDetector(BrightFaceNetwork(), SIDE, 0.6), FaceEmbedder(embedding or PixelNetwork()))


def person(seed: int, grain: int = 0) -> NDArray[np.uint8]:
    """(160, 160, 3) RGB with a bright middle; another `grain` is another picture of the same person."""
    picture = np.random.default_rng(seed).integers(125, 255, (SIDE, SIDE, 3), np.uint8)
    noise = np.random.default_rng(1000 + grain).integers(0, 30, (SIDE, SIDE, 3), np.uint8)
    return np.asarray(picture - noise * (grain > 0), np.uint8)


DARK = np.zeros((SIDE, SIDE, 3), np.uint8)


def test_same_pictures_give_the_same_bytes_whatever_came_before() -> None:
    first = make_verifier().create_template([person(1), person(1, 2)])
    verifier = make_verifier()
    for seed in (4, 5):
        verifier.create_template([person(seed)])
    again = verifier.create_template([person(1), person(1, 2)])
    assert first.code is ReturnCode.SUCCESS
    assert again == first
    assert len(first.template) == 15 + 256 * 4
    assert first.template[:6] == b"VFTE\x01\x02"
    assert struct.unpack_from("<B", first.template, 6)[0] == first.quality


def test_same_person_is_more_similar_than_others_and_order_does_not_count() -> None:
    verifier = make_verifier()
    one, same, other = (verifier.create_template([p]).template for p in (person(1), person(1, 3), person(2)))
    code, genuine = verifier.match_templates(one, same)
    assert code is ReturnCode.SUCCESS
    assert verifier.match_templates(same, one)[1] == pytest.approx(genuine)
    assert verifier.match_templates(one, one)[1] == pytest.approx(2.0)
    assert 0 <= verifier.match_templates(one, other)[1] < genuine - 0.1


def test_eyes_are_those_of_the_subject_and_one_pair_for_each_picture() -> None:
    created = make_verifier().create_template([person(1), DARK])
    assert created.code is ReturnCode.SUCCESS
    seen, unseen = created.eyes
    assert unseen == EyePair()
    assert seen.left_xy is not None
    assert seen.right_xy is not None
    assert seen.left_xy[0] > seen.right_xy[0]  # who looks at us has the left eye on our right
    gray = make_verifier().create_template([np.asarray(person(1)[:, :, 0])])
    assert gray.eyes == [seen]


def test_colours_are_red_first() -> None:
    verifier = make_verifier()
    swapped = np.ascontiguousarray(person(1)[:, :, ::-1])
    assert verifier.create_template([person(1)]).template != verifier.create_template([swapped]).template


@pytest.mark.parametrize(
    ("pictures", "code"),
    [
        ([], ReturnCode.NUM_DATA_ERROR),
        ([DARK] * 256, ReturnCode.NUM_DATA_ERROR),
        ([np.zeros((0, 0, 3), np.uint8)], ReturnCode.PARSE_ERROR),
        ([np.zeros((9, 9, 4), np.uint8)], ReturnCode.PARSE_ERROR),
        ([person(1).astype(np.float32)], ReturnCode.PARSE_ERROR),
        ([DARK, DARK], ReturnCode.FACE_DETECTION_ERROR),
    ],
)
def test_pictures_without_a_template_have_their_own_code(pictures: list[NDArray[np.uint8]], code: ReturnCode) -> None:
    created = make_verifier().create_template(pictures)
    assert (created.code, created.template, created.quality) == (code, b"", -1)
    assert created.eyes == [EyePair()] * len(pictures)
    good = make_verifier().create_template([person(1)]).template
    assert make_verifier().match_templates(good, created.template) == (ReturnCode.VERIF_TEMPLATE_ERROR, -1.0)


def test_network_that_fails_is_a_code_and_no_exception() -> None:
    created = make_verifier(BrokenNetwork()).create_template([person(1)])
    assert (created.code, created.template) == (ReturnCode.EXTRACT_ERROR, b"")


def test_defective_template_and_one_of_another_embedding_are_refused() -> None:
    verifier = make_verifier()
    good = verifier.create_template([person(1)]).template
    stranger = make_verifier(PixelNetwork("other")).create_template([person(1)]).template
    nan = good[:-4] + struct.pack("<f", float("nan"))
    for bad in (good[:-1], good + b"\0", b"X" + good[1:], good[:4] + b"\x02" + good[5:], nan, stranger):
        assert verifier.match_templates(good, bad) == (ReturnCode.TEMPLATE_FORMAT_ERROR, -1.0)
        assert verifier.match_templates(bad, good) == (ReturnCode.TEMPLATE_FORMAT_ERROR, -1.0)


def write_picture(path: Path, picture: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture[:, :, ::-1])


def test_logs_are_those_of_the_validation_package(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", person(1))
    write_picture(tmp_path / "dark.png", DARK)
    (tmp_path / "enroll.txt").write_text("1 a.png MUGSHOT\n3 dark.png MUGSHOT\n5 missing.png WILD\n")
    create_templates(make_verifier(), tmp_path / "enroll.txt", tmp_path, tmp_path / "t", tmp_path / "enroll.log")
    header, first, dark, missing = (tmp_path / "enroll.log").read_text().splitlines()
    assert header == CREATE_HEADER
    assert header.split()[:4] == ["id", "image", "templateSizeBytes", "returnCode"]
    words = first.split()
    assert (words[:6], len(words)) == (["1", "a.png", "1039", "0", "1", "1"], 11)
    assert dark == "3 dark.png 0 8 0 0 0 0 0 0 -1"
    assert missing == "5 missing.png 0 5 0 0 0 0 0 0 -1"
    (tmp_path / "match.txt").write_text("1.template 1.template\n1.template 3.template\n")
    match_all(make_verifier(), tmp_path / "match.txt", tmp_path / "t", tmp_path / "match.log")
    header, same, failed = (tmp_path / "match.log").read_text().splitlines()
    assert header == MATCH_HEADER
    assert same.split()[:2] == ["1.template", "1.template"]
    assert float(same.split()[2]) == pytest.approx(2.0)
    assert failed == "1.template 3.template -1 7"
    (tmp_path / "match.txt").write_text("1.template\n")
    with pytest.raises(SystemExit, match="line 1: 1 words, not 2"):
        match_all(make_verifier(), tmp_path / "match.txt", tmp_path / "t", tmp_path / "match.log")


def test_pair_protocol_goes_through_templates_and_logs(tmp_path: Path) -> None:
    rows = ["TEMPLATE_ID,SUBJECT_ID,FILENAME"]
    for seed in range(4):
        for grain in range(3):
            write_picture(tmp_path / f"p{seed}/{grain}.png", person(seed, grain))
        rows += [f"{seed},{seed},p{seed}/0.png", f"{seed},{seed},p{seed}/1.png", f"9{seed},{seed},p{seed}/2.png"]
    (tmp_path / "templates.csv").write_text("\n".join(rows))
    pairs = [f"{first},9{second}" for first in range(4) for second in range(4)]
    (tmp_path / "matches.csv").write_text("\n".join(pairs))
    given = read_template_matches(tmp_path / "templates.csv", tmp_path / "matches.csv", tmp_path)
    figures = run_pairs(make_verifier(), given, tmp_path, tmp_path / "out")
    assert (figures["genuine_pairs"], figures["impostor_pairs"]) == (4, 12)
    assert (figures["eer"], figures["templates_failed"]) == (0.0, 0)
    assert len((tmp_path / "out/enroll.txt").read_text().splitlines()) == 8
    assert len((tmp_path / "out/enroll.log").read_text().splitlines()) == 5
