"""The inventory of cameras: reads, changes, and what the roles are to be told of it.

Every change is checked completely before anything is stored, and calls `on_change`, which sends the new desired
state to the roles. Design: docs/design/api.md.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import urlsplit

from vedette.camera.faults import InvalidCameraError
from vedette.camera.inventory import (
    AddressPolicy,
    AnalysisSettings,
    Camera,
    CameraSettings,
    Login,
    StreamSettings,
    check_sets,
    check_settings,
    split_login,
)
from vedette.camera.inventory_sheet import ImportPlan, ImportReport, SheetRow, plan_import
from vedette.camera.motion_zones import describe_motion_changes
from vedette.camera.protection import describe_terms_change, find_weakenings
from vedette.camera.recording_terms import RecordingTerms
from vedette.core.assignment import Rule
from vedette.core.errors import NotFoundError
from vedette.core.faults import Fault
from vedette.core.media import StreamRole
from vedette.core.motion import MotionSettings
from vedette.runtime.clock import Clock, new_id

SIMULATED_GROUP = "Simulated"


class CameraStore(Protocol):
    """Where the inventory lies. Implemented by `vedette.adapters.database_cameras`."""

    async def find_page(self, search: str, group: str, limit: int, offset: int) -> tuple[list[Camera], int]: ...
    async def list_all(self) -> list[Camera]: ...
    async def find(self, camera_id: str) -> Camera | None: ...
    async def write(self, put: Sequence[Camera], remove: Sequence[str] = ()) -> None:
        """Puts (adds or replaces) and removes cameras in one transaction.

        Raises:
            ConflictError: a name is taken by another camera; then nothing was changed.
        """
        ...


class LoginSealer(Protocol):
    def seal(self, camera_id: str, user: str, password: str) -> str: ...
    def open(self, camera_id: str, sealed: str) -> tuple[str, str]: ...


class KeptSets(Protocol):
    """The operator's own categories: `vedette.node.category_words.KeptWords`."""

    async def list_names(self) -> Sequence[str]:
        """Raises StorageError."""
        ...


@dataclass(frozen=True, slots=True)
class SimulatedCamera:
    """A camera that the supervisor simulates."""

    name: str
    main_url: str
    sub_url: str = ""


class CameraAdministration:
    """Changes the inventory. Changes come one after another."""

    def __init__(
        self,
        *,
        store: CameraStore,
        sealer: LoginSealer,
        policy: AddressPolicy,
        sets: KeptSets,
        clock: Clock,
        on_change: Callable[[], None],
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._policy = policy
        self._sets = sets
        self._clock = clock
        self._on_change = on_change
        self._turn = asyncio.Lock()

    async def list_cameras(
        self, search: str = "", group: str = "", limit: int = 1000, offset: int = 0
    ) -> tuple[list[Camera], int]:
        """Returns one page in order of name, and how many match in all."""
        return await self._store.find_page(search, group, limit, offset)

    async def list_all(self) -> list[Camera]:
        return await self._store.list_all()

    async def find_camera(self, camera_id: str) -> Camera:
        """Returns a camera.

        Raises:
            NotFoundError: there is none with this id.
        """
        camera = await self._store.find(camera_id)
        if camera is None:
            raise NotFoundError(f"there is no camera {camera_id}")
        return camera

    async def find_roles(self, camera_id: str) -> tuple[StreamRole, ...]:
        """Returns which streams a camera has: streaming's `StreamDirectory`."""
        return tuple((await self.find_camera(camera_id)).streams)

    def open_login(self, camera: Camera) -> Login:
        """Opens a camera's login, for testing a changed address with the stored one."""
        return Login(*self._sealer.open(camera.id, camera.sealed_login))

    def check(self, settings: CameraSettings, login: Login) -> tuple[CameraSettings, Login]:
        """Checks settings without storing anything. See `check_settings`."""
        return check_settings(settings, login, self._policy)

    def check_address(self, stream: StreamSettings, login: Login) -> tuple[StreamSettings, Login]:
        """Checks one address, as for a test, and moves a login out of it.

        Raises:
            InvalidCameraError: the address cannot be used.
        """
        try:
            clean, found = check_settings(CameraSettings("test", stream), login, self._policy)
        except InvalidCameraError as exc:
            faults = tuple(Fault(f.field.removeprefix("main."), f.message) for f in exc.faults)
            raise InvalidCameraError(faults) from exc
        return clean.main, found

    async def add_camera(self, settings: CameraSettings, login: Login) -> Camera:
        """Adds a camera.

        Raises:
            InvalidCameraError: with every fault.
            ConflictError: the name is taken.
        """
        clean, login = self.check(settings, login)
        await self._check_sets(clean.analysis, AnalysisSettings())
        async with self._turn:
            camera = self._make(clean, login)
            await self._store.write([camera])
        self._on_change()
        return camera

    async def change_camera(
        self, camera_id: str, settings: CameraSettings, login: Login | None
    ) -> tuple[Camera, Camera]:
        """Replaces a camera's settings; `login` None keeps the stored one. Returns it before and after.

        Raises:
            NotFoundError, InvalidCameraError, ConflictError
        """
        clean, found = self.check(settings, login or Login())
        async with self._turn:
            before = await self.find_camera(camera_id)
            await self._check_sets(clean.analysis, before.settings.analysis)
            after = replace(before, settings=clean)
            if login is not None or found:
                after = self._with_login(after, found)
            elif before.sealed_login:
                _check_login_stays_home(before, after)
            await self._store.write([after])
        self._on_change()
        return before, after

    async def change_recording(self, camera_id: str, terms: RecordingTerms) -> tuple[Camera, Camera]:
        """Replaces how a camera is recorded and kept by checked terms. Returns it before and after.

        Raises:
            NotFoundError: there is none with this id.
        """
        async with self._turn:
            before = await self.find_camera(camera_id)
            after = replace(before, settings=replace(before.settings, recording=terms))
            await self._store.write([after])
        self._on_change()
        return before, after

    async def change_motion(self, camera_id: str, motion: MotionSettings) -> tuple[Camera, Camera]:
        """Replaces what is motion on a camera by checked settings. Returns it before and after.

        Raises:
            NotFoundError: there is none with this id.
        """
        async with self._turn:
            before = await self.find_camera(camera_id)
            after = replace(before, settings=replace(before.settings, motion=motion))
            await self._store.write([after])
        self._on_change()
        return before, after

    async def remove_camera(self, camera_id: str) -> Camera:
        """Removes a camera. Its recordings and events stay.

        Raises:
            NotFoundError: there is none with this id.
        """
        async with self._turn:
            camera = await self.find_camera(camera_id)
            await self._store.write([], [camera_id])
        self._on_change()
        return camera

    async def replace_rules(self, camera_id: str, rules: tuple[Rule, ...]) -> tuple[Camera, Camera]:
        """Replaces all behaviour rules of a camera by checked ones. Returns it before and after.

        Raises:
            NotFoundError: there is none with this id.
        """
        async with self._turn:
            before = await self.find_camera(camera_id)
            after = replace(before, rules=rules)
            await self._store.write([after])
        self._on_change()
        return before, after

    async def import_rows(self, rows: Sequence[SheetRow]) -> ImportReport:
        """Takes over a sheet, all of it or nothing."""
        async with self._turn:
            plan = plan_import(rows, await self._store.list_all(), self._policy)
            if not plan.is_possible:
                return ImportReport(imported=False, rows=plan.rows)
            await self._store.write([self._planned(row.settings, row.camera, row.login) for row in plan.writes])
        self._on_change()
        return ImportReport(imported=True, rows=plan.rows, weakenings=_find_import_weakenings(plan))

    async def replace_simulated(self, simulated: Sequence[SimulatedCamera]) -> list[Camera]:
        """Makes the group of simulated cameras exactly these. What a person changed of one stays."""
        async with self._turn:
            cameras = await self._store.list_all()
            present = {c.settings.name: c for c in cameras if c.settings.group == SIMULATED_GROUP}
            taken = {c.settings.name.casefold() for c in cameras if c.settings.group != SIMULATED_GROUP}
            put: list[Camera] = []
            for one in simulated:
                name = one.name if one.name.casefold() not in taken else f"{one.name} (simulated)"
                main, _ = split_login(one.main_url)
                sub, login = split_login(one.sub_url)
                main_login = split_login(one.main_url)[1]
                put.append(self._simulated(present.pop(name, None), name, main, sub, main_login or login))
            await self._store.write(put, [camera.id for camera in present.values()])
        self._on_change()
        return put

    async def _check_sets(self, analysis: AnalysisSettings, before: AnalysisSettings) -> None:
        if analysis.categories:
            check_sets(analysis, before, await self._sets.list_names())

    def _simulated(self, camera: Camera | None, name: str, main: str, sub: str, login: Login) -> Camera:
        base = camera.settings if camera else CameraSettings(name, StreamSettings(main), group=SIMULATED_GROUP)
        settings = replace(base, main=StreamSettings(main), sub=StreamSettings(sub) if sub else None)
        return self._planned(settings, camera, login)

    def _planned(self, settings: CameraSettings, camera: Camera | None, login: Login | None) -> Camera:
        if camera is None:
            return self._make(settings, login or Login())
        changed = replace(camera, settings=settings)
        return changed if login is None else self._with_login(changed, login)

    def _make(self, settings: CameraSettings, login: Login) -> Camera:
        camera = Camera(id=new_id(self._clock), settings=settings, created_at_ns=self._clock.utc_ns())
        return self._with_login(camera, login)

    def _with_login(self, camera: Camera, login: Login) -> Camera:
        sealed = self._sealer.seal(camera.id, login.user, login.password)
        return replace(camera, user=login.user, sealed_login=sealed)


def _find_import_weakenings(plan: ImportPlan) -> tuple[tuple[Camera, str], ...]:
    changes = [(row.camera, replace(row.camera, settings=row.settings)) for row in plan.writes if row.camera]
    return tuple((before, text) for before, after in changes for text in find_weakenings(before, after))


def _check_login_stays_home(before: Camera, after: Camera) -> None:
    """A stored login goes to the hosts it was entered for, never to an address that somebody typed in later."""
    known = {urlsplit(stream.url).hostname for stream in before.streams.values()}
    for role, stream in after.streams.items():
        if urlsplit(stream.url).hostname not in known:
            reason = f"is needed again, because the {role.value} stream moves to another host"
            raise InvalidCameraError((Fault("password", reason),))


def describe_change(before: Camera, after: Camera) -> str:
    """Says what changed, for the audit trail: names and addresses, that a login changed, never to what."""
    old, new = before.settings, after.settings
    parts = [
        f"{name}: {getattr(old, name)} -> {getattr(new, name)}"
        for name in ("name", "group", "enabled")
        if getattr(old, name) != getattr(new, name)
    ]
    if old.record is not new.record:
        parts.append(f"record: {old.record.value} -> {new.record.value}")
    for role in StreamRole:
        one, other = before.streams.get(role), after.streams.get(role)
        if one != other:
            parts.append(f"{role.value}: {one.url if one else 'none'} -> {other.url if other else 'none'}")
        if one and other and one.verify_tls != other.verify_tls:
            parts.append(f"{role.value} certificate checked: {one.verify_tls} -> {other.verify_tls}")
        if (one.ca_pem if one else "") != (other.ca_pem if other else ""):
            parts.append(f"{role.value} certificate authority changed")
    terms = describe_terms_change(old.recording, new.recording)
    if terms:
        parts.append(terms)
    parts += describe_motion_changes(old.motion, new.motion)
    if old.analysis != new.analysis:
        parts.append("analysis changed")
    seen, sees = (", ".join(one.analysis.recognize) or "nothing" for one in (old, new))
    if seen != sees:
        parts.append(f"recognises: {seen} -> {sees}")
    told, tells = (", ".join(one.analysis.categories) or "none" for one in (old, new))
    if told != tells:
        parts.append(f"own categories: {told} -> {tells}")
    if (before.user, before.sealed_login) != (after.user, after.sealed_login):
        parts.append("login changed")
    if before.rules != after.rules:
        parts.append(f"rules: {len(before.rules)} -> {len(after.rules)}")
    return ", ".join(parts) or "nothing"
