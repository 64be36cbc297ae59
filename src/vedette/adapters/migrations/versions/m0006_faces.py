"""Sealed templates and portraits of people on lists of faces."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "face_templates",
        sa.Column("entry_id", sa.String(length=26), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False, comment="by TemplateBox"),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_face_templates")),
    )
    op.create_table(
        "face_portraits",
        sa.Column("entry_id", sa.String(length=26), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False, comment="by TemplateBox"),
        sa.PrimaryKeyConstraint("entry_id", "place", name=op.f("pk_face_portraits")),
    )
