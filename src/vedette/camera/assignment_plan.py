"""Works out what the recorder and the analyzer are to do, from the inventory. Pure."""

from collections.abc import Sequence

from vedette.camera.inventory import Camera
from vedette.core.assignment import (
    AnalyzerAssignment,
    CameraAnalysis,
    CameraAssignment,
    RecorderAssignment,
    StreamSource,
    VolumeAssignment,
)
from vedette.core.media import StreamRole
from vedette.core.recording_plan import Erasure, Hold

NO_ANALYSIS = "none"


def plan_recorder_assignment(
    version: int,
    cameras: Sequence[Camera],
    volumes: Sequence[VolumeAssignment],
    holds: Sequence[Hold] = (),
    erasures: Sequence[Erasure] = (),
) -> RecorderAssignment:
    """Every enabled camera with all its streams: a stream that is not recorded is still watched live.

    Holds and erasures go along whole, those of cameras that are gone or switched off too: their footage is still there.
    """
    return RecorderAssignment(
        version=version,
        cameras=tuple(_recorded(camera) for camera in cameras if camera.settings.enabled),
        volumes=tuple(volumes),
        holds=tuple(holds),
        erasures=tuple(erasures),
    )


def plan_analyzer_assignment(version: int, cameras: Sequence[Camera]) -> AnalyzerAssignment:
    """Every enabled camera that has a detector."""
    return AnalyzerAssignment(
        version=version,
        cameras=tuple(
            _analysed(camera)
            for camera in cameras
            if camera.settings.enabled and camera.settings.analysis.detector != NO_ANALYSIS
        ),
    )


def _recorded(camera: Camera) -> CameraAssignment:
    streams = tuple(
        StreamSource(
            role=role,
            url=stream.url,
            record=camera.settings.record.includes(role),
            transport=stream.transport,
            verify_tls=stream.verify_tls,
            ca_pem=stream.ca_pem,
        )
        for role, stream in camera.streams.items()
    )
    terms = camera.settings.recording
    return CameraAssignment(
        camera_id=camera.id,
        name=camera.settings.name,
        streams=streams,
        credentials=camera.sealed_login,
        plan=terms.plan,
        retention=terms.retention,
        volumes=terms.volumes,
        motion=camera.settings.motion,
    )


def _analysed(camera: Camera) -> CameraAnalysis:
    analysis = camera.settings.analysis
    stream = analysis.stream if analysis.stream in camera.streams else StreamRole.MAIN
    recognises = analysis.recognize or analysis.categories
    looks_closer = recognises and stream is not StreamRole.MAIN and StreamRole.MAIN in camera.streams
    return CameraAnalysis(
        camera_id=camera.id,
        name=camera.settings.name,
        stream=stream,
        detector=analysis.detector,
        classes=analysis.classes,
        fps=analysis.fps,
        rules=camera.rules,
        recognize=analysis.recognize,
        motion=camera.settings.motion,
        close_stream=StreamRole.MAIN if looks_closer else None,
        tiles=analysis.tiles,
        categories=analysis.categories,
    )
