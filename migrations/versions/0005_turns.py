"""Owners take turns: whose a judging is, and where it stands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

QUEUED, RUNNING = sa.text("state = 'queued'"), sa.text("state = 'running'")


def upgrade() -> None:
    op.add_column("judgings", sa.Column("owner", sa.String(30), nullable=False, server_default=sa.text("''")))
    op.add_column("judgings", sa.Column("place", sa.BigInteger(), nullable=False, server_default="0"))
    # What waits now keeps its order and goes before whatever comes: a place in turn is a time.
    op.execute("UPDATE judgings SET place = priority * 1000000000 + id WHERE state <> 'done'")
    op.drop_index("ix_judgings_queued", "judgings")
    op.drop_index("ix_judgings_lease", "judgings")
    for name, columns, where in (
        ("ix_judgings_queued", ["queue", "place", "id"], QUEUED),
        ("ix_judgings_owner", ["owner", "place"], QUEUED),
        ("ix_judgings_lease", ["lease_until", "owner"], RUNNING),
    ):
        op.create_index(name, "judgings", columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name in ("ix_judgings_queued", "ix_judgings_owner", "ix_judgings_lease"):
        op.drop_index(name, "judgings")
    op.create_index(
        "ix_judgings_queued", "judgings", ["queue", "priority", "id"], sqlite_where=QUEUED, postgresql_where=QUEUED
    )
    op.create_index("ix_judgings_lease", "judgings", ["lease_until"], sqlite_where=RUNNING, postgresql_where=RUNNING)
    op.drop_column("judgings", "place")
    op.drop_column("judgings", "owner")
