"""Takes orders for exports: checks, counts and writes down who wants what and why, before any footage is read.

Everybody sees his own exports; administrators see all. Somebody else's is answered like one that never was.
Cameras of which parts are hidden from who orders are masked in his files, also in a bundle.
"""

from dataclasses import replace
from pathlib import Path

from vedette.api.privacy_desk import PrivacyDesk
from vedette.camera.administration import CameraAdministration
from vedette.core.media import StreamRole
from vedette.core.privacy import MasksOutdatedError, Sight
from vedette.core.time import format_utc
from vedette.identity.audit import AuditTrail
from vedette.identity.export_limits import ExportLimits, check_purpose
from vedette.identity.permissions import Caller, Permission, Role
from vedette.runtime.clock import Clock, new_id
from vedette.streaming.download import NoFootageError
from vedette.streaming.export_enhance import check_enhanceable, check_sub_streams
from vedette.streaming.export_job import (
    BUNDLE_FILE,
    ExportCamera,
    ExportFile,
    ExportFormat,
    ExportJob,
    ExportOrder,
    ExportState,
    NoSuchExportError,
    check_masked_size,
    check_size,
)
from vedette.streaming.export_ports import ExportShelf
from vedette.streaming.export_service import ExportService
from vedette.streaming.footage_service import RoleFinder
from vedette.streaming.stream_choice import StreamChoice


class ExportDesk:
    """See the module's head."""

    def __init__(
        self,
        *,
        service: ExportService,
        shelf: ExportShelf,
        cameras: CameraAdministration,
        roles: RoleFinder,
        privacy: PrivacyDesk,
        limits: ExportLimits,
        audit: AuditTrail,
        clock: Clock,
    ) -> None:
        self._service = service
        self._shelf = shelf
        self._cameras = cameras
        self._roles = roles
        self._privacy = privacy
        self._limits = limits
        self._audit = audit
        self._clock = clock

    async def order(
        self,
        caller: Caller,
        camera_ids: list[str],
        from_ns: int,
        to_ns: int,
        *,
        kind: ExportFormat,
        stream: StreamChoice,
        bundle: bool,
        enhance: bool,
        purpose: str,
    ) -> ExportJob:
        """Takes an order.

        Raises:
            PurposeRequiredError, ExportTooLargeError, EnhanceRefusedError, NotFoundError, ExportLimitError,
            ExportQueueFullError
        """
        purpose = check_purpose(caller, purpose)
        check_size(len(camera_ids), from_ns, to_ns)
        if enhance:
            check_enhanceable(is_bundle=bundle, camera_count=len(camera_ids), from_ns=from_ns, to_ns=to_ns)
        sights = [await self._privacy.look(caller, each) for each in dict.fromkeys(camera_ids)]
        hidden = sum(bool(sight.masked) for sight in sights)
        check_masked_size(hidden, from_ns, to_ns)
        cameras = [await self._find_camera(each, stream, from_ns, to_ns) for each in sights]
        if enhance:
            check_sub_streams(cameras)
        order = ExportOrder(
            export_id=new_id(self._clock),
            cameras=tuple(cameras),
            from_ns=from_ns,
            to_ns=to_ns,
            format=kind,
            stream=stream,
            is_bundle=bundle,
            purpose=purpose,
            user_id=caller.user_id,
            user_name=caller.name,
            created_ns=self._clock.utc_ns(),
            may_unmask=caller.may(Permission.PRIVACY_UNMASK),
            is_enhanced=enhance,
        )
        if enhance:
            order = replace(order, estimated_s=await self._service.estimate_enhancing_s(order))
        size_bytes = await self._service.estimate_bytes(order)
        if not any(camera.role for camera in cameras):
            raise NoFootageError(
                f"nothing is recorded between {format_utc(from_ns)} and {format_utc(to_ns)}",
                "Look at the timeline for recorded times.",
            )
        self._service.check_room()
        await self._limits.check_and_count(caller, size_bytes=size_bytes)
        await self._audit.record(caller, "recording.export", order.export_id, detail=_describe(order))
        return await self._service.order(order)

    def list_jobs(self, caller: Caller) -> list[ExportJob]:
        return [job for job in self._service.list_jobs() if _may_see(caller, job)]

    def find(self, caller: Caller, export_id: str) -> ExportJob:
        """Raises NoSuchExportError."""
        job = self._service.find(export_id)
        if not _may_see(caller, job):
            raise NoSuchExportError("there is no such export", "Exports are kept for 24 hours.")
        return job

    async def remove(self, caller: Caller, export_id: str) -> None:
        job = self.find(caller, export_id)
        action = "recording.export_remove" if job.is_over else "recording.export_cancel"
        await self._audit.record(caller, action, export_id)
        await self._service.remove(export_id)

    async def open_file(self, caller: Caller, export_id: str, name: str) -> tuple[ExportFile, Path]:
        """Finds a finished file by its exact name. The download is written down first.

        Raises:
            NoSuchExportError
            MasksOutdatedError: since it was made, parts of a camera's picture were hidden from the caller.
        """
        job = self.find(caller, export_id)
        file = next((file for file in job.outcome.files if file.name == name), None)
        if job.state is not ExportState.DONE or file is None:
            raise NoSuchExportError("the export has no such file (yet)", "Wait until it is done.")
        for camera in job.order.cameras:
            if file.camera_id in {"", camera.camera_id}:
                await self._check_masks(caller, camera)
        path = self._shelf.find_file(export_id, file.name)
        await self._audit.record(caller, "recording.export_download", export_id, detail=file.name)
        return file, path

    async def _check_masks(self, caller: Caller, camera: ExportCamera) -> None:
        sight = await self._privacy.look(caller, camera.camera_id)
        if not sight.is_kept_by(camera.masked):
            raise MasksOutdatedError(
                f"since this was made, other parts of {camera.name}'s picture are hidden from you", "Order it again."
            )

    async def _find_camera(self, sight: Sight, stream: StreamChoice, from_ns: int, to_ns: int) -> ExportCamera:
        camera_id = sight.camera_id
        camera = await self._cameras.find_camera(camera_id)
        role: StreamRole | None
        try:
            role = await self._roles.find_role(camera_id, stream, from_ns, to_ns)
        except NoFootageError:
            role = None  # one camera without footage does not keep the others from going out: it is told as a gap
        return ExportCamera(camera_id, camera.settings.name, role, sight.masked)


def _may_see(caller: Caller, job: ExportJob) -> bool:
    return caller.role is Role.ADMINISTRATOR or job.order.user_id == caller.user_id


def _describe(order: ExportOrder) -> str:
    kind = f"{order.format} {BUNDLE_FILE}" if order.is_bundle else order.format.value
    names = ", ".join(camera.name for camera in order.cameras)
    span = f"{format_utc(order.from_ns)} to {format_utc(order.to_ns)}"
    hidden = ", ".join(camera.name for camera in order.cameras if camera.masked)
    masked = f"; parts hidden: {hidden}" if hidden else ""
    enhanced = "; enhanced" if order.is_enhanced else ""
    return f"{kind} {span}; purpose: {order.purpose or 'not given'}; cameras: {names}{masked}{enhanced}"
