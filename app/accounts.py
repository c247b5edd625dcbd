"""The commands about accounts: interviewers and API tokens. Each returns the lines it has to say."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Awaitable, Callable

from app import auth, interviewers
from app.config import Settings
from app.database import Database
from app.models import ApiToken, Scope
from app.passwords import check_password, hash_password

Command = Callable[[Database, argparse.Namespace], Awaitable[list[str]]]


async def run(settings: Settings, chosen: argparse.Namespace) -> list[str]:
    """Raises an ``AppError`` with what stands in the way."""
    database = Database(settings.database)
    try:
        return await _COMMANDS[chosen.command](database, chosen)
    finally:
        await database.close()


async def _create_interviewer(database: Database, chosen: argparse.Namespace) -> list[str]:
    await interviewers.create(database, chosen.name, _password())
    return []


async def _change_password(database: Database, chosen: argparse.Namespace) -> list[str]:
    async with database.reading() as session:
        number = (await interviewers.find(session, chosen.name)).id
    password_hash = await hash_password(check_password(_password()))
    async with database.writing() as session:
        await interviewers.set_password(session, number, password_hash)
    return []


def _password() -> str:
    return getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


async def _disable_interviewer(database: Database, chosen: argparse.Namespace) -> list[str]:
    async with database.writing() as session:
        await interviewers.disable(session, (await interviewers.find(session, chosen.name)).id)
    return []


async def _enable_interviewer(database: Database, chosen: argparse.Namespace) -> list[str]:
    async with database.writing() as session:
        await interviewers.enable(session, (await interviewers.find(session, chosen.name)).id)
    return []


async def _list_interviewers(database: Database, _chosen: argparse.Namespace) -> list[str]:
    async with database.reading() as session:
        everyone = await interviewers.everyone(session)
    states = {
        one.name: f"disabled {one.disabled_at:%Y-%m-%d}" if one.disabled_at else "may sign in" for one in everyone
    }
    return [f"{name}\t{state}" for name, state in states.items()]


async def _create_token(database: Database, chosen: argparse.Namespace) -> list[str]:
    scopes = [Scope.METRICS] if chosen.metrics else [Scope.SUBMIT, Scope.STAFF] if chosen.staff else [Scope.SUBMIT]
    async with database.writing() as session:
        return [(await auth.create_token(session, chosen.name, scopes, days=chosen.days))[1]]


async def _list_tokens(database: Database, _chosen: argparse.Namespace) -> list[str]:
    async with database.reading() as session:
        found = await auth.tokens(session)
    return ["\t".join((str(one.id), one.name, f"{one.prefix}…", " ".join(one.scopes), _state(one))) for one in found]


def _state(token: ApiToken) -> str:
    if token.revoked_at is not None:
        return f"revoked {token.revoked_at:%Y-%m-%d}"
    if token.expires_at is None:
        return "until revoked"
    return f"{'expired' if token.is_expired else 'until'} {token.expires_at:%Y-%m-%d}"


async def _revoke_token(database: Database, chosen: argparse.Namespace) -> list[str]:
    async with database.writing() as session:
        await auth.revoke_token(session, chosen.number)
    return []


_COMMANDS: dict[str, Command] = {
    "create-interviewer": _create_interviewer,
    "change-password": _change_password,
    "disable-interviewer": _disable_interviewer,
    "enable-interviewer": _enable_interviewer,
    "list-interviewers": _list_interviewers,
    "create-token": _create_token,
    "list-tokens": _list_tokens,
    "revoke-token": _revoke_token,
}
