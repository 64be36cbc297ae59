"""Motion is a setting of the camera: its sensitivity moves there from the recording plan, as one of three steps."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_CAMERAS = sa.table("cameras", sa.column("id", sa.String), sa.column("settings", sa.Text))
_LOW_BELOW, _HIGH_ABOVE = 0.35, 0.65


def upgrade() -> None:
    connection = op.get_bind()
    for camera_id, text in connection.execute(sa.select(_CAMERAS.c.id, _CAMERAS.c.settings)).all():
        settings: dict[str, Any] = json.loads(text)
        plan_motion = settings.get("recording", {}).get("plan", {}).get("motion", {})
        sensitivity = plan_motion.pop("sensitivity", None)
        if sensitivity is None:
            continue
        settings["motion"] = {"sensitivity": _find_step(sensitivity), "zones": []}
        update = sa.update(_CAMERAS).where(_CAMERAS.c.id == camera_id).values(settings=json.dumps(settings))
        connection.execute(update)


def _find_step(sensitivity: float) -> str:
    if sensitivity < _LOW_BELOW:
        return "low"
    return "high" if sensitivity > _HIGH_ABOVE else "normal"
