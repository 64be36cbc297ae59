"""The analyzer's figures as Prometheus text."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

_COUNTED = {
    "decoded": "Decoded pictures",
    "analysed": "Analysed pictures",
    "inferred": "Pictures that the model or the motion detector turned into boxes",
    "damaged": "Packets that could not be decoded whole",
    "thinned": "Pictures decoded but not analysed because analysis was behind",
    "dropped": "Packets dropped because analysis was behind",
    "close_frames": "Key frames of the larger stream that were decoded for a close look",
    "looks_left_out": "Good moments of objects that were not looked at closely because analysis was behind",
}


def format_metrics(status: Mapping[str, object]) -> str:
    """Formats the status of `Analyzer.status`."""
    registry = CollectorRegistry()
    jail, cameras, workers = status["jail"], status["cameras"], status["workers"]
    layers = jail["layers"] if isinstance(jail, dict) else {}
    layer = Gauge("vedette_jail_layer", "1 when a layer of the jail holds", ["layer"], registry=registry)
    for name, holds in layers.items():
        layer.labels(name).set(1.0 if holds else 0.0)
    restarts = Counter("vedette_vision_worker_restarts", "Vision workers replaced", registry=registry)
    if isinstance(workers, list):
        restarts.inc(sum(int(worker["restarts"]) for worker in workers))
    if isinstance(cameras, list):
        for name, help_text in _COUNTED.items():
            counter = Counter(f"vedette_vision_{name}", help_text, ["camera"], registry=registry)
            for camera in cameras:
                counter.labels(camera["camera_id"]).inc(camera[name])
        fps = Gauge("vedette_vision_fps", "Analysed pictures a second", ["camera"], registry=registry)
        allowed = Gauge(
            "vedette_vision_allowed_fps",
            "Analysed pictures a second that fit the worker",
            ["camera"],
            registry=registry,
        )
        for camera in cameras:
            fps.labels(camera["camera_id"]).set(camera["fps"])
            allowed.labels(camera["camera_id"]).set(camera["allowed_fps"])
    return generate_latest(registry).decode()
