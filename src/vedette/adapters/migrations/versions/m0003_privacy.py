"""Privacy zones, beside the cameras: they outlive a camera that is removed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "privacy_zones",
        sa.Column("camera_id", sa.String(length=26), nullable=False, comment="no foreign key: outlives the camera"),
        sa.Column("zones", sa.Text(), nullable=False, comment="tuple of PrivacyZone as JSON"),
        sa.PrimaryKeyConstraint("camera_id", name=op.f("pk_privacy_zones")),
    )
