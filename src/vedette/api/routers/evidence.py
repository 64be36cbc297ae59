"""The evidence log: its fingerprint and state for everybody who sees the system, its key for administrators."""

from vedette.api.access import allows
from vedette.api.features import feature_router
from vedette.api.ports import AuditPort, CallerPort, NotaryPort
from vedette.api.schemas.evidence import EvidenceOut, RotatedKey, RotateKey
from vedette.identity.permissions import Permission

router = feature_router("evidence")


@router.get("/evidence")
@allows(Permission.SYSTEM_VIEW)
async def show_evidence(notary: NotaryPort) -> EvidenceOut:
    """Shows the log's fingerprint, its newest signature and what it cannot do at present."""
    return EvidenceOut.model_validate_json(await notary.status())


@router.post("/evidence/rotate-key")
@allows(Permission.EVIDENCE_MANAGE)
async def rotate_key(body: RotateKey, caller: CallerPort, notary: NotaryPort, audit: AuditPort) -> RotatedKey:
    """Replaces the key that signs the log. The old one signs the change, and beside the new one for `overlap_h` hours,
    so that a witness that knows only the old one can go on; then its private part is destroyed.
    """
    await audit.record(caller, "evidence.rotate_key", detail=body.reason)
    return RotatedKey(fingerprint=await notary.rotate_key(body.reason, body.overlap_h))
