"""The index of files holds files alone: one of all objects was taken for questions about cameras, and slowed them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    of_files = sa.text("job_id > ''")
    op.drop_index("ix_seen_objects_job_id", "seen_objects")
    op.create_index(
        "ix_seen_objects_job_id", "seen_objects", ["job_id"], sqlite_where=of_files, postgresql_where=of_files
    )
