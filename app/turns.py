"""Whose turn it is: where a judging stands in the queue, so that nobody waits behind all of another's.

An owner is a candidate, a token, or whoever asked for a rejudge. One judging of each owner is *in turn*, queued or
running; the others stand *behind*, and get only slots that nobody in turn wants. When the last one running of an owner
is over, the first behind is put in turn. So a claim stays what it was, the first of one index.

In turn, the time of coming there decides, with a head start by priority: a run before a submission before a rejudge,
and none of them for ever. Behind, an owner's first stands beside every other owner's first.
"""

from __future__ import annotations

from sqlalchemy import bindparam, case, exists, func, insert, literal_column, select, text, update

from app.clock import database_milliseconds, database_now
from app.database import Transaction, dialect_of
from app.models import Judging, State

BEHIND = 1 << 50
"""Places in turn are milliseconds since 1970, and below this for the next 35,000 years."""
_ROOM = 42
"""Bits for the number of one behind, within its priority."""

_QUEUED = Judging.state == literal_column(f"'{State.QUEUED}'")
_RUNNING = Judging.state == literal_column(f"'{State.RUNNING}'")
# Written out, not bound: SQLite uses a partial index only where it can read its condition in the query itself.


_queued_already, _running_already = (
    exists(literal_column("1")).where(state, Judging.owner == bindparam("its_owner")).correlate(None)
    for state in (_QUEUED, _RUNNING)
)
_last_behind = (
    select(func.max(Judging.place))
    .where(_QUEUED, Judging.owner == bindparam("its_owner"), Judging.place.between(bindparam("low"), bindparam("high")))
    .correlate(None)
    .scalar_subquery()
)
ADD = (
    insert(Judging.metadata.tables["judgings"])
    .values(
        created_at=database_now(),
        owner=bindparam("its_owner"),
        place=case(
            (_queued_already | _running_already, func.coalesce(_last_behind, bindparam("low")) + 1),
            else_=database_milliseconds() + bindparam("head_start"),
        ),
    )
    .returning(Judging.id)
)
PASS_ON = (
    update(Judging)
    .where(
        Judging.id
        == select(Judging.id)
        .where(_QUEUED, Judging.owner == bindparam("its_owner"))
        .order_by(Judging.place)
        .limit(literal_column("1"))
        .correlate(None)
        .scalar_subquery(),
        _QUEUED,
        Judging.place >= literal_column(str(BEHIND)),
        ~_running_already,
    )
    .values(place=database_milliseconds() + Judging.priority * 1000)
    .execution_options(synchronize_session=False)
)
"""Puts the first behind in turn where its owner has none that is."""

_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:owner, 0))")


def add(transaction: Transaction, owner: str, values: dict[str, object], *, priority: int) -> int:
    """Inserts a judging where its owner's stand; returns its number."""
    low = BEHIND + (priority << _ROOM)
    places = {"its_owner": owner, "low": low, "high": low + (1 << _ROOM) - 1, "head_start": priority * 1000}
    _be_alone(transaction, owner)
    number: int = transaction.execute(ADD, {**values, "priority": priority, **places}).scalar_one()
    return number


def pass_on(transaction: Transaction, owner: str) -> None:
    """After one of an owner's judgings stopped running, whatever became of it."""
    _be_alone(transaction, owner)
    transaction.execute(PASS_ON, {"its_owner": owner})


def _be_alone(transaction: Transaction, owner: str) -> None:
    """On SQLite a writer is alone. On PostgreSQL one that adds and one that passes on would not see each other, and the
    added would stand behind nobody."""
    if dialect_of(transaction) == "postgresql":
        transaction.execute(_ALONE, {"owner": owner})
