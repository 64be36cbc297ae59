"""Lists of plates and vehicles, and their entries."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "watchlists",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name_key", sa.String(length=128), nullable=False),
        sa.Column("watchlist", sa.Text(), nullable=False, comment="Watchlist as JSON"),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watchlists")),
        sa.UniqueConstraint("name_key", name=op.f("uq_watchlists_name_key")),
    )
    op.create_table(
        "watchlist_entries",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("list_id", sa.String(length=26), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False, comment="what it looks for, as text: once in a list"),
        sa.Column("is_pattern", sa.Boolean(), nullable=False, comment="each match has to look at it"),
        sa.Column("entry", sa.Text(), nullable=False, comment="WatchlistEntry as JSON"),
        sa.Column("to_ns", sa.BigInteger(), nullable=True, comment="end of its validity"),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watchlist_entries")),
        sa.ForeignKeyConstraint(
            ["list_id"], ["watchlists.id"], name=op.f("fk_watchlist_entries_list_id"), ondelete="CASCADE"
        ),
    )
    op.create_index("uq_watchlist_entries_list_id_key", "watchlist_entries", ["list_id", "key"], unique=True)
