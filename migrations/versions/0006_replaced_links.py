"""Links that a newer one replaced, so that whoever follows one is told so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "replaced_links",
        sa.Column("link_hash", sa.String(length=64), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitations.id"], name=op.f("fk_replaced_links_invitation_id_invitations")
        ),
        sa.PrimaryKeyConstraint("link_hash", name=op.f("pk_replaced_links")),
    )
    op.create_index(op.f("ix_replaced_links_invitation_id"), "replaced_links", ["invitation_id"])


def downgrade() -> None:
    op.drop_table("replaced_links")
