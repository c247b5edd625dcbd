"""An index that numbers what a candidate sent for a problem."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WHERE = sa.text("candidate_id IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_submissions_numbers", "submissions", ["candidate_id", "problem", "kind", "id"],
        sqlite_where=WHERE, postgresql_where=WHERE,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_submissions_numbers", "submissions")
