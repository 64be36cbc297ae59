"""HLS playlists, multipart pictures, HTTP addresses and the words of the jailed reader."""

import pytest

from vedette.camera.errors import BadUrlError, RedirectRefusedError
from vedette.camera.hls import MalformedPlaylistError, parse_playlist, plan_segments
from vedette.camera.http_client import join_same_host, parse_http_url
from vedette.camera.mjpeg import MAX_PICTURE_BYTES, MalformedMultipartError, PictureSplitter
from vedette.media.compat_wire import (
    CompatWireError,
    Tracks,
    Unit,
    decode_picture,
    decode_text,
    decode_tracks,
    decode_unit,
    encode_picture,
    encode_tracks,
    encode_unit,
)

LIVE = b"""#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:10
#EXTINF:4,
a.ts
#EXTINF:4,
b.ts
#EXTINF:4,
c.ts
#EXTINF:4,
d.ts
"""


def test_a_live_playlist_is_joined_near_its_end_and_followed() -> None:
    playlist = parse_playlist(LIVE)
    assert plan_segments(playlist, None) == (11, ("b.ts", "c.ts", "d.ts"))
    assert plan_segments(playlist, 13) == (13, ("d.ts",))
    assert plan_segments(playlist, 14) == (14, ())
    assert plan_segments(playlist, 3)[0] == 10  # left behind: go on with the oldest there is


def test_a_complete_playlist_is_played_from_its_start() -> None:
    assert plan_segments(parse_playlist(LIVE + b"#EXT-X-ENDLIST\n"), None)[1][0] == "a.ts"


def test_variants_and_initialisation_segments() -> None:
    master = b'#EXTM3U\n#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=1,BANDWIDTH=500,CODECS="x"\nlow.m3u8\n'
    assert [(item.uri, item.bandwidth_bps) for item in parse_playlist(master).variants] == [("low.m3u8", 500)]
    assert parse_playlist(b'#EXTM3U\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:1,\na.m4s\n').init_uri == "init.mp4"


@pytest.mark.parametrize("data", [b"", b"<html>", b"#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=x\n"])
def test_what_cannot_be_played_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedPlaylistError):
        parse_playlist(data)


JPEG = b"\xff\xd8\xff\xe0" + bytes(50) + b"\xff\xd9"


@pytest.mark.parametrize("step", [1, 3, 17, 1000])
@pytest.mark.parametrize("head", [b"", b"Content-Length: %d\r\n" % len(JPEG)])
def test_pictures_are_cut_out_of_any_multipart(step: int, head: bytes) -> None:
    data = (b"--frame\r\nContent-Type: image/jpeg\r\n" + head + b"\r\n" + JPEG + b"\r\n") * 4 + b"--frame"
    splitter, pictures = PictureSplitter(), []
    for at in range(0, len(data), step):
        pictures += splitter.push(data[at : at + step])
    assert pictures == [JPEG] * 4


def test_something_else_is_refused() -> None:
    with pytest.raises(MalformedMultipartError):
        PictureSplitter().push(b"<html>" * 1000)


def test_a_picture_without_end_is_refused() -> None:
    splitter = PictureSplitter()
    splitter.push(b"\xff\xd8\xff" + bytes(MAX_PICTURE_BYTES - 3))
    with pytest.raises(MalformedMultipartError):
        splitter.push(b"x")


def test_links_stay_on_the_same_host() -> None:
    base, _, _ = parse_http_url("https://cam.example/live/index.m3u8")
    assert join_same_host(base, "seg1.ts").text == "https://cam.example:443/live/seg1.ts"
    for link in ("https://other.example/x", "http://cam.example/x", "//other.example/x"):
        with pytest.raises(RedirectRefusedError):
            join_same_host(base, link)
    with pytest.raises(BadUrlError):
        join_same_host(base, "file:///etc/passwd")


def test_words_of_the_reader_come_back_as_they_were() -> None:
    tracks = Tracks("h264", "aac", 48_000, 2, "1190")
    assert decode_tracks(encode_tracks(tracks)) == tracks
    unit = Unit(is_audio=False, is_key=True, pts_90k=-5, data=b"x")
    assert decode_unit(encode_unit(unit)) == unit
    assert decode_picture(encode_picture(7, b"jpeg")) == (7, b"jpeg")


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b"[1,2,3,4,5]", b"[" * 3000, b'["h264","aac",1e9,2,""]'])
def test_nonsense_of_a_taken_reader_is_refused(payload: bytes) -> None:
    with pytest.raises(CompatWireError):
        decode_tracks(payload)


def test_a_taken_reader_cannot_write_to_the_terminal() -> None:
    assert decode_text(b"\x1b[2Jevil\r\n\xff") == " [2Jevil   "
