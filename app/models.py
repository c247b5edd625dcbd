"""The tables. The queries that shaped the indices are in ``submissions.py`` and ``judgings.py``."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from judge.report import Verdict


class Kind(StrEnum):
    """``run``: sample scenarios, everything shown, never scored. ``submit``: the hidden exam."""

    RUN = "run"
    SUBMIT = "submit"


class Device(StrEnum):
    """Where the code is judged; also the name of the queue that leads there."""

    CPU = "cpu"
    CUDA = "cuda"


class State(StrEnum):
    """Where a judging is; only a running one may become done, and only by the attempt that runs it."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"


class DiagnosesState(StrEnum):
    """Whether the names of mistakes are still being worked out: a verdict does not wait for them."""

    PENDING = "pending"
    DONE = "done"


class Outcome(StrEnum):
    """An interviewer's decision on a submission."""

    ADVANCE = "advance"
    HOLD = "hold"
    REJECT = "reject"


class Scope(StrEnum):
    """What an API token may do beyond its own submissions."""

    SUBMIT = "submit"
    STAFF = "staff"
    METRICS = "metrics"
    """Reads how Handcode itself fares, and nothing that anyone sent."""


class Moment(TypeDecorator[datetime]):
    """A point in time, always aware and UTC in Python; SQLite stores it without the zone it cannot keep."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    return datetime.now(UTC)


def _stored_by_value(kind: type[StrEnum]) -> Enum:
    """Text, not a database enum: a new verdict must not need a migration of a type."""
    return Enum(kind, values_callable=lambda members: [m.value for m in members], native_enum=False,
                create_constraint=False, length=32)  # fmt: skip


class Base(DeclarativeBase):
    """Named constraints, so a migration can drop one on either database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a class attribute
        datetime: Moment,
        Kind: _stored_by_value(Kind),
        Device: _stored_by_value(Device),
        State: _stored_by_value(State),
        DiagnosesState: _stored_by_value(DiagnosesState),
        Outcome: _stored_by_value(Outcome),
        Verdict: _stored_by_value(Verdict),
        dict[str, Any]: JSON,
        list[str]: JSON,
    }


class Interviewer(Base):
    """Someone who signs in, invites candidates and reads reports."""

    __tablename__ = "interviewers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)
    disabled_at: Mapped[datetime | None]


class Candidate(Base):
    """Someone whose code is judged: invited by name, or a guest of the open practice."""

    __tablename__ = "candidates"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    guest: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)

    # Guests are all named alike: without them in front, a list of names would wade through them.
    __table_args__ = (Index("ix_candidates_name", "guest", "name", "id"),)


class Invitation(Base):
    """A link for one candidate: which problems, until when. Only the link's hash is stored."""

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(primary_key=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidates.id"), index=True)
    interviewer_id: Mapped[int] = mapped_column(ForeignKey("interviewers.id"))
    link_hash: Mapped[str] = mapped_column(String(64), unique=True)
    problems: Mapped[list[str]]
    accept: Mapped[str | None] = mapped_column(String(16))
    """Pins the running-variance convention: ``biased`` or ``unbiased``; none accepts what the problem accepts."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]

    candidate: Mapped[Candidate] = relationship(lazy="raise")
    interviewer: Mapped[Interviewer] = relationship(lazy="raise")

    def is_open(self, at: datetime) -> bool:
        return self.revoked_at is None and at < self.expires_at


class ReplacedLink(Base):
    """A link that "New link" ended, as its hash: whoever follows it is told that there is a newer one."""

    __tablename__ = "replaced_links"

    link_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id"), index=True)


class LoginSession(Base):
    """A browser's session: of an interviewer, or of a candidate (by invitation, or as a guest)."""

    __tablename__ = "login_sessions"

    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    interviewer_id: Mapped[int | None] = mapped_column(ForeignKey("interviewers.id"), index=True)
    candidate_id: Mapped[int | None] = mapped_column(ForeignKey("candidates.id"), index=True)
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitations.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column(index=True)

    interviewer: Mapped[Interviewer | None] = relationship(lazy="raise")
    candidate: Mapped[Candidate | None] = relationship(lazy="raise")
    invitation: Mapped[Invitation | None] = relationship(lazy="raise")

    __table_args__ = (CheckConstraint("(interviewer_id IS NULL) <> (candidate_id IS NULL)", name="one_owner"),)


class ApiToken(Base):
    """A bearer token of CI: its SHA-256, and its first letters to tell tokens apart on a page."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    prefix: Mapped[str] = mapped_column(String(16))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(default=now)
    revoked_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= now()

    @property
    def is_staff(self) -> bool:
        """Whether it reads what others sent; the page of tokens shows that."""
        return Scope.STAFF in self.scopes

    @property
    def is_for_metrics(self) -> bool:
        return Scope.METRICS in self.scopes


_JUDGED = "kind = 'submit' AND verdict IS NOT NULL"


def _index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    return Index(
        f"ix_submissions_{name}", *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where)
    )


class Submission(Base):
    """Code sent for a problem by a candidate or by CI. ``verdict`` and ``score`` repeat those of the newest finished
    judging, so that a table of a million submissions is filtered and sorted by indices of one table."""

    __tablename__ = "submissions"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Kind]
    problem: Mapped[str] = mapped_column(String(64))
    device: Mapped[Device]
    candidate_id: Mapped[int | None] = mapped_column(ForeignKey("candidates.id"))
    token_id: Mapped[int | None] = mapped_column(ForeignKey("api_tokens.id"))
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitations.id"))
    accept: Mapped[str | None] = mapped_column(String(16))
    label: Mapped[str | None] = mapped_column(String(200))
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(default=now)
    verdict: Mapped[Verdict | None]
    score: Mapped[float | None]
    sort_score: Mapped[float] = mapped_column(default=-1.0)
    """The score, or -1 while there is none: SQLite and PostgreSQL put NULL at different ends of an index."""
    max_score: Mapped[float | None]
    code: Mapped[str] = mapped_column(Text, deferred=True, deferred_raiseload=True)
    """Last, and loaded only when asked for: a list of submissions must not read 64 KiB a row."""

    candidate: Mapped[Candidate | None] = relationship(lazy="raise")
    token: Mapped[ApiToken | None] = relationship(lazy="raise")
    judgings: Mapped[list[Judging]] = relationship(lazy="raise", back_populates="submission", order_by="Judging.id")

    __table_args__ = (
        CheckConstraint("(candidate_id IS NULL) <> (token_id IS NULL)", name="one_author"),
        # Partial wherever a row may have nothing to find it by: every index is one more page in every commit.
        _index("token_key", "token_id", "idempotency_key", where="idempotency_key IS NOT NULL", unique=True),
        _index("candidate_key", "candidate_id", "idempotency_key", where="idempotency_key IS NOT NULL", unique=True),
        _index("candidate", "candidate_id", "id", where="candidate_id IS NOT NULL"),
        _index("numbers", "candidate_id", "problem", "kind", "id", where="candidate_id IS NOT NULL"),
        _index("token", "token_id", "id", where="token_id IS NOT NULL"),
        _index("time", "id", where="kind = 'submit'"),
        _index("problem", "problem", "id", where="kind = 'submit'"),
        _index("score", "sort_score", "id", where=_JUDGED),
        _index("problem_score", "problem", "sort_score", "id", where=_JUDGED),
        _index("verdict", "verdict", "id", where=_JUDGED),
        _index("verdict_score", "verdict", "sort_score", "id", where=_JUDGED),
        _index("problem_verdict", "problem", "verdict", "id", where=_JUDGED),
        _index("problem_verdict_score", "problem", "verdict", "sort_score", "id", where=_JUDGED),
    )


_UNNAMED = "state = 'done' AND diagnoses_state = 'pending'"


class Judging(Base):
    """One evaluation of a submission, and the job in the queue while it is not done."""

    __tablename__ = "judgings"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"))
    state: Mapped[State] = mapped_column(default=State.QUEUED)
    queue: Mapped[Device]
    priority: Mapped[int] = mapped_column(default=0)
    """Seconds of head start that those with a smaller one have in the queue (``app/turns.py``)."""
    owner: Mapped[str] = mapped_column(String(30), default="", server_default=text("''"))
    """Whose turn it takes: a candidate's, a token's, or that of whoever asked for the rejudge."""
    place: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """Where it stands in its queue: the smallest goes first."""
    attempt: Mapped[int] = mapped_column(default=0)
    """Raised by each claim, for the verdict or for the names; what is written counts only with the attempt that was
    claimed."""
    diagnoses_state: Mapped[DiagnosesState] = mapped_column(
        default=DiagnosesState.PENDING, server_default=DiagnosesState.PENDING
    )
    """Done with the verdict where there are no mistakes to name, else with a second write of the same attempt. The
    lease covers that work too."""
    lease_until: Mapped[datetime | None]
    worker: Mapped[str | None] = mapped_column(String(100))
    seed: Mapped[int | None] = mapped_column(BigInteger)
    """Of the exam: given by a rejudge that repeats one, else written with the result."""
    requested_by: Mapped[int | None] = mapped_column(ForeignKey("interviewers.id"))
    """The interviewer who asked for this rejudge."""
    verdict: Mapped[Verdict | None]
    score: Mapped[float | None]
    problem_version: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    stages_ms: Mapped[dict[str, Any] | None]
    """Where the time went: the engine's stages, and ``queue``."""
    fault: Mapped[str | None] = mapped_column(Text)
    """Our own fault, for staff: the last exception of a judging that was given back or given up."""

    submission: Mapped[Submission] = relationship(lazy="raise", back_populates="judgings")
    report: Mapped[Report | None] = relationship(lazy="raise", back_populates="judging")

    __table_args__ = (
        Index("ix_judgings_submission", "submission_id", "id"),
        Index("ix_judgings_queued", "queue", "place", "id",
              sqlite_where=text("state = 'queued'"), postgresql_where=text("state = 'queued'")),
        Index("ix_judgings_owner", "owner", "place",
              sqlite_where=text("state = 'queued'"), postgresql_where=text("state = 'queued'")),
        Index("ix_judgings_lease", "lease_until", "owner",
              sqlite_where=text("state = 'running'"), postgresql_where=text("state = 'running'")),
        Index("ix_judgings_unnamed", "queue", "lease_until",
              sqlite_where=text(_UNNAMED), postgresql_where=text(_UNNAMED)),
    )  # fmt: skip


class Report(Base):
    """What a judging found out, as the JSON text of ``judge.report.Report``: staff answers pass it through unread."""

    __tablename__ = "reports"

    judging_id: Mapped[int] = mapped_column(ForeignKey("judgings.id"), primary_key=True)
    body: Mapped[str] = mapped_column(Text)

    judging: Mapped[Judging] = relationship(lazy="raise", back_populates="report")


class Note(Base):
    """An interviewer's remark on a submission."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    interviewer_id: Mapped[int] = mapped_column(ForeignKey("interviewers.id"))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)

    interviewer: Mapped[Interviewer] = relationship(lazy="raise")


class Decision(Base):
    """Advance, hold or reject. The newest counts; the older ones stay."""

    __tablename__ = "decisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), index=True)
    interviewer_id: Mapped[int] = mapped_column(ForeignKey("interviewers.id"))
    outcome: Mapped[Outcome]
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)

    interviewer: Mapped[Interviewer] = relationship(lazy="raise")


class SentForm(Base):
    """A form that made something: its key, and the number of what it made. Sent again, it makes nothing more."""

    __tablename__ = "sent_forms"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    made_id: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)


class KeptForm(Base):
    """What an interviewer typed into the forms of a page and has not sent."""

    __tablename__ = "kept_forms"

    interviewer_id: Mapped[int] = mapped_column(ForeignKey("interviewers.id"), primary_key=True)
    page: Mapped[str] = mapped_column(String(100), primary_key=True)
    fields: Mapped[dict[str, Any]]
    kept_at: Mapped[datetime] = mapped_column(default=now)


class Worker(Base):
    """A worker process and when it was last heard of: how the web process knows whether a queue leads anywhere."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    queues: Mapped[list[str]]
    slots: Mapped[int]
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    """With ``host``: lets a living worker of the same machine see at once that this one is dead."""
    started_at: Mapped[datetime] = mapped_column(default=now)
    last_seen: Mapped[datetime] = mapped_column(default=now)
    ready: Mapped[bool] = mapped_column(default=False)
    """True once the engine stands and the walls have been probed."""
    doctor: Mapped[str | None] = mapped_column(Text)
    quarantined: Mapped[str | None] = mapped_column(Text)
    """Why this worker takes no work: a wall that failed, in a sentence."""
    metrics: Mapped[dict[str, Any] | None]
    """Its counts and durations, for the web process to show to Prometheus."""
