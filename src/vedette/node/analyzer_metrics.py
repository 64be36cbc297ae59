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

_CHOICE = {
    "cost_ms": "Milliseconds of one core that a look of the detector at a whole picture takes, as measured here",
    "asked_ms": "Milliseconds of one core in a second that all streams ask for while something moves in all of them",
    "room_ms": "Milliseconds of one core in a second that all vision workers have",
    "streams": "Streams that are to be analysed",
    "possible_streams": "Streams like these that there is time for",
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
    _add_model(status["model"], registry)
    return generate_latest(registry).decode()


def _add_model(model: object, registry: CollectorRegistry) -> None:
    """The detector in use, and what was measured of it; nothing where nothing is measured."""
    choice = model["choice"] if isinstance(model, dict) else {}
    if not choice["detector"]:
        return
    info = Gauge("vedette_vision_detector", "1: the detector in use", ["detector", "why"], registry=registry)
    info.labels(choice["detector"], choice["why"]).set(1.0)
    for name, help_text in _CHOICE.items():
        if choice[name] is not None:
            Gauge(f"vedette_vision_model_{name}", help_text, registry=registry).set(choice[name])
