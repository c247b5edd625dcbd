"""The names of mistakes are written after the verdict."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UNNAMED = "state = 'done' AND diagnoses_state = 'pending'"


def upgrade() -> None:
    state = sa.Enum("pending", "done", name="diagnosesstate", native_enum=False, length=32)
    op.add_column("judgings", sa.Column("diagnoses_state", state, nullable=False, server_default="pending"))
    # Whatever was finished until now got its names with the verdict.
    op.execute("UPDATE judgings SET diagnoses_state = 'done' WHERE state = 'done'")
    op.create_index(
        "ix_judgings_unnamed", "judgings", ["queue", "lease_until"],
        sqlite_where=sa.text(UNNAMED), postgresql_where=sa.text(UNNAMED),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_judgings_unnamed", "judgings")
    op.drop_column("judgings", "diagnoses_state")
