"""Builds what all of the gateway stands on: who may do what, and which cameras there are."""

from dataclasses import dataclass

from vedette.adapters.database_cameras import SqlCameraStore, SqlSettings
from vedette.adapters.database_identity import SqlAuditStore, SqlIdentityStore
from vedette.adapters.database_privacy import SqlZoneStore
from vedette.adapters.secretbox import SecretBox, read_node_key
from vedette.api.sockets import OpenSockets
from vedette.camera.administration import CameraAdministration
from vedette.camera.dispatch import AssignmentDispatcher
from vedette.camera.inventory import AddressPolicy
from vedette.camera.privacy import PrivacyAdministration
from vedette.identity.accounts import Accounts
from vedette.identity.audit import AuditTrail
from vedette.identity.logins import Logins
from vedette.identity.passwords import PasswordHasher
from vedette.identity.tokens import Tokens
from vedette.node.category_words import KeptWords
from vedette.node.gateway_outside import Outside
from vedette.runtime.clock import Clock
from vedette.runtime.settings import NodeSettings


@dataclass(frozen=True, slots=True)
class Core:
    """Identity and inventory, on which the rest stands."""

    sockets: OpenSockets
    audit: AuditTrail
    logins: Logins
    tokens: Tokens
    accounts: Accounts
    cameras: CameraAdministration
    zones: PrivacyAdministration
    dispatcher: AssignmentDispatcher
    sets: KeptWords


def build_core(settings: NodeSettings, clock: Clock, outside: Outside, hasher: PasswordHasher) -> Core:
    """Builds it; nothing runs yet."""
    paths, database = settings.paths, outside.database
    sockets = OpenSockets()
    identity = SqlIdentityStore(database)
    audit = AuditTrail(SqlAuditStore(database), clock)
    store = SqlCameraStore(database)
    sets = KeptWords(paths.categories)
    dispatcher = AssignmentDispatcher(
        inventory=store,
        versions=SqlSettings(database),
        recorder=outside.roles["recorder"],
        analyzer=outside.roles["analyzer"],
        volumes=outside.storage.volumes,
        holds=outside.storage.holds,
        erasures=outside.storage.erasures,
        clock=clock,
    )
    return Core(
        sockets=sockets,
        audit=audit,
        logins=Logins(store=identity, hasher=hasher, audit=audit, connections=sockets, clock=clock),
        tokens=Tokens(store=identity, audit=audit, connections=sockets, clock=clock),
        accounts=Accounts(store=identity, hasher=hasher, audit=audit, connections=sockets, clock=clock),
        cameras=CameraAdministration(
            store=store,
            sealer=SecretBox(read_node_key(paths.node_key)),
            policy=AddressPolicy(),
            sets=sets,
            clock=clock,
            on_change=dispatcher.announce,
        ),
        zones=PrivacyAdministration(SqlZoneStore(database)),
        dispatcher=dispatcher,
        sets=sets,
    )
