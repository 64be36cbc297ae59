"""Volumes, holds with their history, and how much each user has exported on a day."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "volumes",
        sa.Column("path", sa.String(length=1024), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("max_bytes", sa.BigInteger(), nullable=False),
        sa.Column("reserve_bytes", sa.BigInteger(), nullable=False),
        sa.Column("removed_at_ns", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_volumes")),
    )
    op.create_table(
        "holds",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("camera_id", sa.String(length=26), nullable=False),
        sa.Column("camera_name", sa.String(length=128), nullable=False, comment="at the time"),
        sa.Column("from_ns", sa.BigInteger(), nullable=False),
        sa.Column("to_ns", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at_ns", sa.BigInteger(), nullable=False),
        sa.Column("released_by", sa.String(length=64), nullable=True),
        sa.Column("released_at_ns", sa.BigInteger(), nullable=True),
        sa.Column("release_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index("ix_holds_camera_id_from_ns", "holds", ["camera_id", "from_ns"], unique=False)
    op.create_table(
        "export_usage",
        sa.Column("user_key", sa.String(length=64), nullable=False, comment="the user's id, or 'local'"),
        sa.Column("day", sa.Integer(), nullable=False, comment="UTC days since 1970"),
        sa.Column("jobs", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_key", "day", name=op.f("pk_export_usage")),
    )
