"""What is said of the sealing of closed segments, by the recorder on the health page and by the notary."""

from vedette.recording.sealing import find_obstacle
from vedette.runtime.settings import NodeSettings


def describe_sealing(settings: NodeSettings) -> dict[str, str]:
    """`{"state": "holds" | "absent", "detail"}`. Tried in the folder of the default volumes."""
    if not settings.seal_footage:
        detail = "closed segments are not made immutable: write `seal: immutable` into the settings file"
        return {"state": "absent", "detail": detail}
    obstacle = find_obstacle(settings.paths.volumes)
    if obstacle:
        return {"state": "absent", "detail": f"{obstacle}. It needs CAP_LINUX_IMMUTABLE and ext4, xfs or btrfs."}
    return {"state": "holds", "detail": "closed segments are immutable"}
