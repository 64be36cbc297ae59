"""What FFmpeg's libraries do in the gateway. They are loaded with the first sound or Matroska file that needs them."""

from pathlib import Path

from vedette.core.media import AudioFormat, StreamFormat
from vedette.streaming.export_marks import Notes
from vedette.streaming.mkv_download import ByteCollector, ClipWriter
from vedette.streaming.sound import AudioEncoder


def open_sound_encoder(source: AudioFormat) -> AudioEncoder:
    """G.711 to AAC."""
    from vedette.media.audio_transcode import G711ToAac  # noqa: PLC0415 -- see above

    return G711ToAac(source)


def open_mkv_writer(sink: ByteCollector | Path, stream_format: StreamFormat, notes: Notes) -> ClipWriter:
    """A Matroska file."""
    from vedette.media.clip_mkv import MkvWriter  # noqa: PLC0415 -- see above

    return MkvWriter(sink, stream_format, notes)
