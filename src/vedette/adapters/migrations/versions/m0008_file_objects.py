"""Seen objects of files that people brought: of which job they are."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    comment = "of the file's analysis; empty: a camera"
    op.add_column(
        "seen_objects", sa.Column("job_id", sa.String(length=26), nullable=False, server_default="", comment=comment)
    )
    op.create_index("ix_seen_objects_job_id", "seen_objects", ["job_id"])
