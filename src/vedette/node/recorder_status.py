"""What the recorder says of itself: `/status` and `/metrics`."""

from vedette.core.time import NS_PER_S, format_utc
from vedette.node.recorder_streams import RecorderStream
from vedette.node.recorder_volumes import OpenVolume, RecorderVolumes
from vedette.node.volume_warnings import measure_room
from vedette.recording.forecast import find_days_left
from vedette.recording.retention import KeepRules


def describe_stream(stream: RecorderStream, mono_ns: int) -> dict[str, object]:
    """One stream as JSON."""
    state, counters, totals = stream.state, stream.counters, stream.totals
    video = stream.format.video if stream.format is not None else None
    audio = stream.format.audio if stream.format is not None else None
    return {
        "camera_id": stream.key.camera_id,
        "stream": stream.key.role.value,
        "state": state.state if state else "connecting",
        "code": state.code if state else "",
        "reason": state.reason if state else "",
        "hint": state.hint if state else "",
        "since": format_utc(state.at_ns) if state else None,
        "since_ns": state.at_ns if state else None,
        "codec": video.codec.value if video else "",
        "codec_string": video.codec_string if video else "",
        "audio": audio.codec.value if audio else "",
        "width": video.width if video else 0,
        "height": video.height if video else 0,
        "fps": round(counters.fps, 2) if counters else 0.0,
        "bitrate_bps": round(counters.bitrate_bps) if counters else 0,
        "jitter_s": counters.jitter_s if counters else 0.0,
        "packets": counters.packets if counters else 0,
        "packets_lost": counters.lost if counters else 0,
        "packets_reordered": counters.reordered if counters else 0,
        "packets_duplicated": counters.duplicates if counters else 0,
        "damaged": counters.damaged if counters else 0,
        "last_packet_age_s": counters.last_packet_age_s(mono_ns) if counters else None,
        "recorded": stream.is_recorded,
        "frames_received": totals.received,
        "frames_stored": totals.stored,
        "frames_unplaced": totals.unplaced,
        "frames_missing": totals.missing,
        "frames_unwanted": totals.unwanted,
        **_describe_recording(stream),
        "readers": stream.hub.readers,
    }


def _describe_recording(stream: RecorderStream) -> dict[str, object]:
    """`trigger`: why it is recorded now or not, `off` by the calendar; `none` when it is not to be recorded at all."""
    recording = stream.recording
    if recording is None:
        return {"mode": "off", "is_recording": False, "trigger": "none", "held_bytes": 0, "plan_fault": ""}
    verdict = recording.verdict
    return {
        "mode": verdict.mode.value,
        "is_recording": verdict.is_recording,
        "trigger": verdict.trigger.value,
        "held_bytes": recording.held_bytes,
        "plan_fault": recording.plan_fault,
    }


def describe_volume(volume: OpenVolume, rules: KeepRules, now_ns: int) -> dict[str, object]:
    """One volume as JSON. `days_left`: until footage is deleted for its space; null: not at this rate."""
    writer, limit = volume.writer, volume.assignment
    totals = writer.totals
    return {
        "id": volume.volume.volume_id,
        "name": limit.name,
        "path": limit.path,
        "state": volume.state,
        "reason": volume.reason,
        "since": format_utc(volume.since_ns),
        "size_bytes": volume.watch.size_bytes,
        "free_bytes": writer.free_bytes,
        "used_bytes": writer.used_bytes,
        "held_bytes": writer.held_bytes,
        "max_bytes": limit.max_bytes,
        "reserve_bytes": limit.reserve_bytes,
        "segments": totals.segments,
        "frames": totals.frames,
        "oldest_at": format_utc(totals.oldest_ns) if totals.oldest_ns is not None else None,
        "oldest_ns": totals.oldest_ns,
        "days_left": find_days_left(measure_room(volume, rules, now_ns)),
        "inflow_bps": round(volume.inflow_bps),
        "cameras": len(volume.cameras),
        "spilled_cameras": len(volume.spilled_cameras),
        "warnings": sorted(volume.warnings),
        "waiting_bytes": writer.waiting_bytes,
        "commits": writer.commits,
        "longest_commit_s": writer.longest_commit_ns / NS_PER_S,
    }


def describe_missing(volumes: RecorderVolumes) -> list[dict[str, object]]:
    """Volumes that cannot be used now."""
    return [
        {
            "id": "",
            "name": assignment.name,
            "path": assignment.path,
            "state": "failed",
            "reason": reason,
            "since": format_utc(since_ns),
            "size_bytes": 0,
            "free_bytes": 0,
            "used_bytes": 0,
            "held_bytes": 0,
            "max_bytes": assignment.max_bytes,
            "reserve_bytes": assignment.reserve_bytes,
            "segments": 0,
            "frames": 0,
            "oldest_at": None,
            "oldest_ns": None,
            "days_left": None,
            "inflow_bps": 0,
            "cameras": 0,
            "spilled_cameras": 0,
            "warnings": [],
            "waiting_bytes": 0,
            "commits": 0,
            "longest_commit_s": 0.0,
        }
        for assignment, reason, since_ns in volumes.missing
    ]


_STREAM_METRICS = (
    ("frames_received", "vedette_frames_received_total", "counter"),
    ("frames_stored", "vedette_frames_stored_total", "counter"),
    ("frames_missing", "vedette_frames_missing_total", "counter"),
    ("packets", "vedette_rtp_packets_total", "counter"),
    ("packets_lost", "vedette_rtp_packets_lost_total", "counter"),
    ("bitrate_bps", "vedette_stream_bitrate_bps", "gauge"),
    ("fps", "vedette_stream_fps", "gauge"),
)
_VOLUME_METRICS = (
    ("free_bytes", "vedette_volume_free_bytes", "gauge"),
    ("used_bytes", "vedette_volume_used_bytes", "gauge"),
    ("held_bytes", "vedette_volume_held_bytes", "gauge"),
    ("cameras", "vedette_volume_cameras", "gauge"),
    ("spilled_cameras", "vedette_volume_spilled_cameras", "gauge"),
    ("inflow_bps", "vedette_volume_inflow_bps", "gauge"),
    ("commits", "vedette_volume_commits_total", "counter"),
    ("waiting_bytes", "vedette_volume_waiting_bytes", "gauge"),
    ("longest_commit_s", "vedette_volume_longest_commit_seconds", "gauge"),
)


def format_metrics(streams: list[dict[str, object]], volumes: list[dict[str, object]]) -> str:
    """The same figures in Prometheus' text form."""
    lines: list[str] = []
    for field, name, kind in _STREAM_METRICS:
        lines.append(f"# TYPE {name} {kind}")
        lines += [
            f'{name}{{camera="{stream["camera_id"]}",stream="{stream["stream"]}"}} {stream[field]}'
            for stream in streams
        ]
    lines.append("# TYPE vedette_stream_online gauge")
    lines += [
        f'vedette_stream_online{{camera="{stream["camera_id"]}",stream="{stream["stream"]}"}} '
        f"{int(stream['state'] == 'online')}"
        for stream in streams
    ]
    for field, name, kind in _VOLUME_METRICS:
        lines.append(f"# TYPE {name} {kind}")
        lines += [f'{name}{{volume="{volume["id"]}"}} {volume[field]}' for volume in volumes]
    lines.append("# TYPE vedette_volume_days_left gauge")
    lines += [
        f'vedette_volume_days_left{{volume="{volume["id"]}"}} {volume["days_left"]}'
        for volume in volumes
        if volume["days_left"] is not None
    ]
    lines.append("# TYPE vedette_volume_writable gauge")
    lines += [
        f'vedette_volume_writable{{volume="{volume["id"]}"}} {int(volume["state"] == "writable")}' for volume in volumes
    ]
    return "\n".join(lines) + "\n"
