"""What was seen, to be searched: objects, their attributes, their sealed vectors, and which of them were erased."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "seen_objects",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("camera_id", sa.String(length=26), nullable=False),
        sa.Column("camera_name", sa.String(length=128), nullable=False, comment="at the time"),
        sa.Column("object_class", sa.String(length=16), nullable=False),
        sa.Column("from_ns", sa.BigInteger(), nullable=False),
        sa.Column("to_ns", sa.BigInteger(), nullable=False),
        sa.Column("plate", sa.String(length=32), nullable=False),
        sa.Column("plate_folded", sa.String(length=32), nullable=False, comment="signs that look alike are one"),
        sa.Column("plate_read", sa.Boolean(), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False, comment="ObjectSeen as JSON, without vectors"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_seen_objects")),
        sa.UniqueConstraint("id", name=op.f("uq_seen_objects_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_seen_objects_from_ns", "seen_objects", ["from_ns"])
    op.create_index("ix_seen_objects_camera_id_from_ns", "seen_objects", ["camera_id", "from_ns"])
    op.create_index("ix_seen_objects_plate_folded", "seen_objects", ["plate_folded"])
    op.create_table(
        "seen_attributes",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["number"], ["seen_objects.number"], name=op.f("fk_seen_attributes_number"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", "name", name=op.f("pk_seen_attributes")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_seen_attributes_name_value", "seen_attributes", ["name", "value"])
    op.create_table(
        "seen_vectors",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("release", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False, comment="by TemplateBox"),
        sa.ForeignKeyConstraint(
            ["number"], ["seen_objects.number"], name=op.f("fk_seen_vectors_number"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", "kind", name=op.f("pk_seen_vectors")),
    )
    op.create_table(
        "erased_objects",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("at_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erased_objects")),
    )
