"""Hazards of uploaded pictures: bombs, lying headers, pictures on their side, a worker that makes answers up."""

import struct
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from vedette.core.classified import MAX_UPLOAD_BYTES
from vedette.core.errors import InvalidInputError
from vedette.node.classifier_answers import describe_classifier
from vedette.vision.classify.answers import (
    ChangedLook,
    decode_failure,
    decode_looks,
    decode_verdict,
    encode_failure,
    encode_looks,
    encode_verdict,
)
from vedette.vision.classify.changes import CHANGES, Change, apply_change
from vedette.vision.classify.classifier import PictureClassifier, Verdict, fit_square
from vedette.vision.classify.upload import decode_upload
from vedette.vision.enhance.headers import NoPictureError, PictureTooLargeError
from vedette.vision.models.manifest import parse_manifest


class Told:
    """A network that answers what it was told, and keeps what it saw."""

    release = "told-r1"

    def __init__(self, *answer: float) -> None:
        self.answer = np.array([answer], np.float32)
        self.seen = np.zeros(0, np.float32)

    def infer(self, tensor: np.ndarray) -> dict[str, np.ndarray]:
        self.seen = tensor
        return {"classes": self.answer}


def encode(image: np.ndarray, ending: str = ".jpg") -> bytes:
    return cv2.imencode(ending, image)[1].tobytes()


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    entry = struct.pack("<HHHIHHI", 1, 0x112, 3, 1, orientation, 0, 0)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + entry
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


def test_likeliest_class_comes_first_and_of_equals_the_first() -> None:
    verdict = PictureClassifier(Told(0.2, 0.4, 0.4), 32, 0.0).classify(np.zeros((40, 60, 3), np.uint8))
    assert [index for index, _ in verdict.best(2)] == [1, 2]


def test_picture_that_looks_like_no_class_is_said_to_be_none() -> None:
    picture = np.zeros((32, 32, 3), np.uint8)
    assert PictureClassifier(Told(0.5, 0.5), 32, 0.5).classify(picture).is_known
    assert not PictureClassifier(Told(0.5, 0.5), 32, 0.51).classify(picture).is_known
    with pytest.raises(InvalidInputError):
        PictureClassifier(Told(0.5, 0.5), 32, 1.0)


def test_network_sees_the_middle_square_in_its_own_order() -> None:
    network = Told(1.0)
    picture = np.zeros((64, 128, 3), np.uint8)
    picture[:, 32:96] = (10, 20, 30)
    PictureClassifier(network, 32, 0.0).classify(picture)
    assert network.seen.shape == (1, 3, 32, 32)
    assert network.seen[0, :, 16, 16].tolist() == [10, 20, 30]
    assert network.seen[0, 0].min() == 10


def test_picture_of_the_right_size_is_not_touched() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)
    np.testing.assert_array_equal(fit_square(picture, 32), picture)


@pytest.mark.parametrize("ending", [".jpg", ".png", ".bmp"])
def test_formats_are_read(ending: str) -> None:
    assert decode_upload(encode(np.full((30, 50, 3), 200, np.uint8), ending)).shape == (30, 50, 3)


@pytest.mark.parametrize("side", [60, 2400])
def test_picture_on_its_side_is_turned(side: int) -> None:
    picture = np.zeros((side, side * 2, 3), np.uint8)
    picture[:, :side] = (0, 0, 255)
    upright = decode_upload(with_orientation(encode(picture), 6))
    assert upright.shape[0] == 2 * upright.shape[1]
    assert upright[2, 2, 2] > 200 > 60 > upright[-2, 2, 2]


def test_large_photograph_is_decoded_no_larger_than_needed() -> None:
    assert decode_upload(encode(np.full((3000, 4000, 3), 120, np.uint8))).shape == (375, 500, 3)


def test_bomb_is_refused_by_its_announced_size() -> None:
    bomb = bytearray(encode(np.zeros((8, 8, 3), np.uint8), ".png"))
    bomb[16:24] = struct.pack(">II", 60_000, 60_000)
    with pytest.raises(PictureTooLargeError, match="60000 x 60000"):
        decode_upload(bytes(bomb))
    with pytest.raises(PictureTooLargeError, match="MB"):
        decode_upload(b"\xff\xd8\xff" + bytes(MAX_UPLOAD_BYTES))


@pytest.mark.parametrize("data", [b"", b"hello", b"GIF89a" + bytes(40), b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(NoPictureError):
        decode_upload(data)


def test_torn_png_is_refused() -> None:
    whole = encode(np.random.default_rng(0).integers(0, 255, (90, 90, 3), np.uint8), ".png")
    with pytest.raises(NoPictureError, match="decoded"):
        decode_upload(whole[:60])


def test_verdict_survives_the_way_and_lies_do_not() -> None:
    verdict = Verdict(np.array([0.25, 0.75], np.float32), is_known=True)
    arrived = decode_verdict(encode_verdict(verdict), 2)
    assert arrived.probabilities.tolist() == [0.25, 0.75]
    assert arrived.is_known
    for lie in ([0.5], [0.9, 0.9], [-0.5, 1.5], [float("nan"), 1.0], [0.2, 0.3, 0.5]):
        payload = msgspec.msgpack.encode({"probabilities": lie, "is_known": True})
        with pytest.raises(InvalidInputError):
            decode_verdict(payload, 2)
    with pytest.raises(InvalidInputError):
        decode_verdict(b"\xc1", 2)


def test_failure_keeps_its_kind_and_an_invented_one_is_none_of_ours() -> None:
    told = decode_failure(encode_failure(PictureTooLargeError("too large", "smaller")))
    assert isinstance(told, PictureTooLargeError)
    assert (told.message, told.hint) == ("too large", "smaller")
    invented = msgspec.msgpack.encode({"code": "storage", "message": "x" * 9000, "hint": ""})
    judged = decode_failure(invented)
    assert isinstance(judged, NoPictureError)
    assert len(judged.message) == 300
    assert isinstance(decode_failure(b"\xc1"), NoPictureError)


def test_looks_survive_the_way_and_lies_do_not() -> None:
    views = np.random.default_rng(0).integers(0, 255, (1 + len(CHANGES), 70, 112, 3), np.uint8)
    looks = [ChangedLook(f"answer {number}".encode(), view) for number, view in enumerate(views)]
    arrived = decode_looks(encode_looks(looks))
    assert [one.answer for one in arrived] == [one.answer for one in looks]
    np.testing.assert_array_equal(np.stack([one.view for one in arrived]), views)

    def lie(height: int = 1, width: int = 1, count: int = len(looks), pixels: int = 3) -> bytes:
        told = [(b"", bytes(pixels))] * count
        return msgspec.msgpack.encode({"height": height, "width": width, "looks": told})

    assert decode_looks(lie())
    for payload in (lie(height=0), lie(width=113, pixels=339), lie(count=3), lie(pixels=2), lie(-1, -1), b"\xc1", b""):
        with pytest.raises(InvalidInputError):
            decode_looks(payload)


def test_changes_move_the_middle_the_way_they_say() -> None:
    picture = np.zeros((64, 128, 3), np.uint8)
    picture[30:34, 62:66] = 255
    changed = {change: apply_change(picture, change) for change in CHANGES}
    assert all(image.shape == picture.shape for image in changed.values())
    places = {change: np.argwhere(image[..., 0] > 128).mean(0) for change, image in changed.items()}
    assert places[Change("shift", 6)].tolist() == [31.5, 63.5 + 12], "to the right, in 32nds of the shorter side"
    assert places[Change("turn", 45)] == pytest.approx([31.5, 63.5], abs=1)
    bright = {change: int((image[..., 0] > 128).sum()) for change, image in changed.items()}
    assert bright[Change("scale", 0.7)] < 16 < bright[Change("scale", 1.4)]
    mark = np.zeros((64, 64, 3), np.uint8)
    mark[30:34, 50:54] = 255
    row, _ = np.argwhere(apply_change(mark, Change("turn", 30))[..., 0] > 128).mean(0)
    assert row == pytest.approx(31.5 - 20 * 0.5, abs=1), "to the left: what is on the right goes up"


def test_card_says_what_the_manifest_measured_and_no_more() -> None:
    text = Path("src/vedette/vision/manifests/classifier-small-int8.yaml").read_text("utf-8")
    manifest = parse_manifest(text, "small")
    card = describe_classifier(manifest)
    values = {one.figure: one.value for one in manifest.accuracy}
    assert card.accuracy == values["accuracy"]
    assert [(one.way, one.by) for one in card.changes] == [(one.way, one.by) for one in CHANGES]
    assert all(one.accuracy == values[f"accuracy_{one.way}_{one.by:g}"] for one in card.changes)
    bare = describe_classifier(msgspec.structs.replace(manifest, accuracy=[]))
    assert (bare.accuracy, bare.ece, bare.changes, bare.data) == (None, None, [], "")
