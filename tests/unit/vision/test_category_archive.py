"""Hazards of archives that people send to be taught from: bombs, names that lead out, passwords, folders too deep."""

import io
import struct
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest

from tests.support.lesson_pictures import name_pictures, pack_zip
from vedette.core.classified import MAX_UPLOAD_BYTES
from vedette.core.errors import InvalidInputError
from vedette.node.category_archive import MAX_ENTRIES, CategoryArchive
from vedette.vision.categories.lessons import ArchiveTooLargeError, BadArchiveError

GOOD = name_pictures("courier", "post", count=2)


def write(folder: Path, data: bytes) -> Path:
    path = folder / "pictures.zip"
    path.write_bytes(data)
    return path


def found(path: Path) -> dict[str, list[str]]:
    with CategoryArchive(path) as archive:
        return {category: [picture.name for picture in pictures] for category, pictures in archive.found.items()}


def test_folders_are_categories_in_the_order_of_names(tmp_path: Path) -> None:
    path = write(tmp_path, pack_zip(dict(reversed(GOOD.items()))))
    names = {"courier": ["courier/0.jpg", "courier/1.jpg"], "post": ["post/0.jpg", "post/1.jpg"]}
    assert found(path) == names
    with CategoryArchive(path) as archive:
        assert [picture.read() for picture in archive.found["post"]] == [b"post 0", b"post 1"]


def test_a_folder_around_all_and_what_is_no_picture_are_passed_over(tmp_path: Path) -> None:
    files = {f"Xe tải/{name}": data for name, data in GOOD.items()}
    clutter = {"__MACOSX/courier/._0.jpg": b"x", "Xe tải/.hidden/a.jpg": b"x", "Xe tải/post/notes.txt": b"x"}
    assert list(found(write(tmp_path, pack_zip({**files, **clutter})))) == ["courier", "post"]


def test_names_of_a_mac_are_read_as_people_type_them(tmp_path: Path) -> None:
    assert list(found(write(tmp_path, pack_zip({"be\u0302/0.jpg": b"x", "post/0.jpg": b"x"})))) == ["b\u00ea", "post"]


@pytest.mark.parametrize(
    "name", ["../etc/a.jpg", "courier/../../a.jpg", "/courier/a.jpg", "courier//a.jpg", "./courier/a.jpg"]
)
def test_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadArchiveError, match="no path within the archive"):
        found(write(tmp_path, pack_zip({**GOOD, name: b"x"})))


@pytest.mark.parametrize("name", ["loose.jpg", "courier/more/a.jpg"])
def test_picture_outside_a_category_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadArchiveError, match=name):
        found(write(tmp_path, pack_zip({**GOOD, name: b"x"})))


def test_bomb_is_refused_before_it_is_inflated(tmp_path: Path) -> None:
    packed = io.BytesIO()
    zeros = bytes(MAX_UPLOAD_BYTES + 1)
    with ZipFile(packed, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("a/0.jpg", zeros)
        first = archive.infolist()[0]
        for number in range(100):  # the same bytes again, as overlapping bombs have them
            copy = type(first)(f"a/{number + 1}.jpg")
            for field in ("compress_type", "compress_size", "file_size", "CRC", "header_offset"):
                setattr(copy, field, getattr(first, field))
            archive.filelist.append(copy)
    assert len(packed.getvalue()) < 1 << 20
    with pytest.raises(ArchiveTooLargeError):
        found(write(tmp_path, packed.getvalue()))


def test_picture_that_is_too_large_is_read_no_further_than_that(tmp_path: Path) -> None:
    path = write(tmp_path, pack_zip({"a/0.jpg": bytes(MAX_UPLOAD_BYTES * 2), "b/0.jpg": b"x"}))
    with CategoryArchive(path) as archive:
        assert len(archive.found["a"][0].read()) == MAX_UPLOAD_BYTES + 1


def test_directory_that_would_fill_memory_is_refused(tmp_path: Path) -> None:
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, MAX_ENTRIES + 1, MAX_ENTRIES + 1, 1, 0, 0)
    with pytest.raises(BadArchiveError, match="more than"):
        found(write(tmp_path, b"PK" + end))
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 1 << 30, 0, 0)
    with pytest.raises(BadArchiveError, match="more than"):
        found(write(tmp_path, b"PK" + end))


@pytest.mark.parametrize("data", [b"", b"PK", b"\xff\xd8\xff picture", pack_zip(GOOD)[:-5]])
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(BadArchiveError) as refused:
        found(write(tmp_path, data))
    assert refused.value.hint


def test_password_and_unusual_packing_are_refused(tmp_path: Path) -> None:
    data = bytearray(pack_zip(GOOD))
    directory = data.index(b"PK\x01\x02")
    data[directory + 8] |= 1
    with pytest.raises(BadArchiveError, match="password"):
        found(write(tmp_path, bytes(data)))
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_BZIP2) as archive:
        archive.writestr("a/0.jpg", b"x" * 100)
    with pytest.raises(BadArchiveError, match="unusual"):
        found(write(tmp_path, packed.getvalue()))


def test_damaged_picture_fails_alone(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_STORED) as archive:
        for name, content in GOOD.items():
            archive.writestr(name, content)
    data = packed.getvalue().replace(b"courier 0", b"courier X", 1)
    with CategoryArchive(write(tmp_path, data)) as archive_read:
        broken, whole = archive_read.found["courier"]
        assert whole.read() == b"courier 1"
        with pytest.raises(InvalidInputError, match="damaged"):
            broken.read()
