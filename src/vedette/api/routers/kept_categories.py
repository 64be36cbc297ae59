"""Which sets of the operator's own categories are kept: what cameras and files can be told to look for."""

from vedette.api.access import allows
from vedette.api.features import feature_router
from vedette.api.ports import KeptSetsPort
from vedette.api.schemas.kept_categories import KeptSetsOut, kept_set_out
from vedette.identity.permissions import Permission

router = feature_router("cameras")


@router.get("/analysis/categories")
@allows(Permission.CAMERA_VIEW)
async def list_kept_sets(sets: KeptSetsPort) -> KeptSetsOut:
    """Lists the kept sets of categories by name, with their words. Each is an attribute where a camera or a file asks
    for it.
    """
    return KeptSetsOut(items=[kept_set_out(words) for words in await sets.list_words()])
