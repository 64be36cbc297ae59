"""Erasing footage before its term. Every order is audited, and an event to others (AR11)."""

from vedette.api.access import allows
from vedette.api.features import feature_router
from vedette.api.ports import CallerPort, ErasuresPort
from vedette.api.schemas.erasures import ErasureIn, ErasureList, ErasureOut, ErasurePlanOut, ErasureRangeIn
from vedette.api.times import check_range, to_ns
from vedette.identity.permissions import Permission

router = feature_router("erasures")


@router.post("/erasures/plan")
@allows(Permission.FOOTAGE_ERASE)
async def plan_erasure(body: ErasureRangeIn, erasures: ErasuresPort) -> ErasurePlanOut:
    """Shows what an erasure would take, and which holds stand against it. Nothing is erased."""
    from_ns, to_ns_ = to_ns(body.from_), to_ns(body.to)
    check_range(from_ns, to_ns_)
    return await erasures.plan(body.camera_id, from_ns, to_ns_)


@router.post("/erasures", status_code=202)
@allows(Permission.FOOTAGE_ERASE)
async def order_erasure(body: ErasureIn, caller: CallerPort, erasures: ErasuresPort) -> ErasureOut:
    """Orders footage to be erased. It is gone when `GET /erasures` does not list the order any more."""
    return await erasures.order(caller, body.camera_id, to_ns(body.from_), to_ns(body.to), body.reason)


@router.get("/erasures")
@allows(Permission.FOOTAGE_ERASE)
async def list_erasures(erasures: ErasuresPort) -> ErasureList:
    """Lists the orders that are not carried out yet."""
    return await erasures.list_open()
