"""State of the system and the installed models."""

from vedette.api.access import allows
from vedette.api.features import feature_router
from vedette.api.ports import SystemPort
from vedette.api.schemas.system import ModelsOut, SystemOut
from vedette.identity.permissions import Permission

router = feature_router("system")


@router.get("/system")
@allows(Permission.SYSTEM_VIEW)
async def show_system(system: SystemPort) -> SystemOut:
    """Shows processes, cameras, volumes, protective controls and the machine. What is silent is named so."""
    return await system.report()


@router.get("/models")
@allows(Permission.SYSTEM_VIEW)
async def list_models(system: SystemPort) -> ModelsOut:
    """Lists the installed model packs and their measured figures."""
    return await system.list_models()
