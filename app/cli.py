"""``python -m app.cli``: Handcode's processes, the upkeep of its database, and the accounts in it."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

from pydantic import ValidationError

from app.config import PREFIX, Settings
from app.errors import AppError
from app.faults import CannotStart, explain, prepare_data_folder
from app.logs import start_logging
from app.processes import die_with_parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    chosen = _parser().parse_args(arguments)
    try:
        settings = Settings()
    except ValidationError as error:
        for fault in error.errors():
            print(_sentence(fault), file=sys.stderr)
        return 2
    start_logging(settings.log_level, settings.log_format)
    if getattr(chosen, "parent", None):
        die_with_parent(chosen.parent)
    try:
        if chosen.needs_tables:
            _refuse_other_tables(settings)
        status: int = chosen.run(settings, chosen)
    except (CannotStart, AppError) as reason:
        print(reason, file=sys.stderr, flush=True)
        return 1
    except Exception as error:
        sentence = explain(error, settings)
        if sentence is None:
            raise  # a fault of ours, with its traceback
        print(sentence, file=sys.stderr, flush=True)
        return 1
    return status


def _sentence(fault: Mapping[str, Any]) -> str:
    said: str = fault["msg"].removeprefix("Value error, ").replace("Input should be", "it has to be")
    if not fault["loc"]:
        return said
    name = PREFIX + "_".join(map(str, fault["loc"])).upper()
    if name == f"{PREFIX}DATABASE_URL":
        return f"{name}: {said}"  # without the value, which holds a password
    return f"{name}={fault['input']} cannot work: {said}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app.cli", description="Handcode's processes and their upkeep.")
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name: str, run: object, text: str, *, needs_tables: bool = True) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=name, run=run, needs_tables=needs_tables)
        return added

    command("serve", _serve, "Web and worker on this machine, on the embedded database.", needs_tables=False)
    # It may have to wait for them first.
    web = command("web", _web, "The web process alone.", needs_tables=False)
    web.add_argument("--fd", type=int, help="an open listening socket to use instead of HANDCODE_PORT")
    worker = command("worker", _worker, "A worker alone.", needs_tables=False)
    for child in (web, worker):
        child.add_argument("--wait", type=int, metavar="FD", help="open the database once this pipe says so")
        child.add_argument("--parent", type=int, help="end when this process does")
    command("check-worker", _check_worker, "Whether the worker here takes work; ends one that is not heard of.")
    command("migrate", _migrate, "Bring the database to this version's tables.", needs_tables=False)
    for name, text in (
        ("create-interviewer", "Let someone sign in; asks for the password."),
        ("change-password", "Give an interviewer another password; ends their sessions."),
        ("disable-interviewer", "Keep someone from signing in and end their sessions; not the last one who can."),
        ("enable-interviewer", "Let a disabled interviewer sign in again."),
    ):
        command(name, _accounts, text).add_argument("name")
    command("list-interviewers", _accounts, "Say who may sign in.")
    token = command("create-token", _accounts, "Make an API token and print it, once.")
    token.add_argument("name")
    scope = token.add_mutually_exclusive_group()
    scope.add_argument("--staff", action="store_true", help="sees every submission and whole reports, no runs")
    scope.add_argument("--metrics", action="store_true", help="reads metrics and workers, and nothing else")
    token.add_argument("--days", type=int, help="expires after so many; else it lasts until it is revoked")
    command("list-tokens", _accounts, "Say which API tokens there are, by number, and until when.")
    revoking = command("revoke-token", _accounts, "Refuse an API token from now on.")
    revoking.add_argument("number", type=_number, help="as list-tokens says it")
    seeding = command("seed", _seed, "Add made-up submissions, to see how Handcode behaves when it has grown.")
    seeding.add_argument("submissions", type=int)
    return parser


def _number(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text[:12]) < 2**31:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number that list-tokens says")
    return int(text)


def _refuse_other_tables(settings: Settings) -> None:
    from app.migrating import refuse_other_tables

    refuse_other_tables(settings.database)


# Each command imports what it needs when it runs: the web process must not load torch, nor `--help` the web.


def _serve(settings: Settings, _chosen: argparse.Namespace) -> int:
    from app.serve import serve

    return serve(settings)


def _web(settings: Settings, chosen: argparse.Namespace) -> int:
    import uvicorn

    from app.connections import Connection, raise_descriptor_limit
    from app.main import create_app

    raise_descriptor_limit()
    application = create_app(settings)
    if not _is_time(chosen.wait):
        return 1
    _refuse_other_tables(settings)
    config = uvicorn.Config(
        application, host=settings.host, port=settings.port, loop="uvloop", http=Connection,
        lifespan="on", log_config=None, access_log=False, server_header=False,
        **believing(settings),
        timeout_graceful_shutdown=1,  # whoever waits for a verdict asks again
    )  # fmt: skip
    sockets = [socket.socket(fileno=chosen.fd)] if chosen.fd is not None else None

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            super().handle_exit(sig, frame)
            application.state.watch.stop()  # at once: there is a second for everyone who waits to be answered

    server = Server(config)
    server.run(sockets=sockets)
    return 0 if server.started else 1


def believing(settings: Settings) -> dict[str, Any]:
    """Whose word about the sender of a request uvicorn takes: it reads ``X-Forwarded-For`` from the right, up to the
    first address that is no declared proxy."""
    return {"proxy_headers": bool(settings.proxies), "forwarded_allow_ips": settings.proxies}


def _is_time(pipe: int | None) -> bool:
    """Returns once the database may be opened: False where whoever was to say so is gone."""
    return pipe is None or os.read(pipe, 1) != b""


def _worker(settings: Settings, chosen: argparse.Namespace) -> int:
    from app.engine import begin_engine

    if chosen.wait is None:  # else they are being made
        _refuse_other_tables(settings)
    begun = begin_engine(settings)  # nothing takes as long
    from app.worker import run

    status = run(settings, start_engine=begun) if _is_time(chosen.wait) else 1
    logging.shutdown()
    # Not by returning, which waits for every thread: one may be at what nobody needs any more, for minutes.
    os._exit(status)


def _check_worker(settings: Settings, _chosen: argparse.Namespace) -> int:
    from app.silence import end_silent_workers, why_nothing_is_judged

    for pid in asyncio.run(end_silent_workers(settings.database)):
        print(f"Process {pid}, a worker, was not heard of any more and was ended.", file=sys.stderr)
    reason = asyncio.run(why_nothing_is_judged(settings.database))
    if reason is not None:
        print(reason, file=sys.stderr)
    return 0 if reason is None else 1


def _migrate(settings: Settings, _chosen: argparse.Namespace) -> int:
    from app.migrating import migrate

    if not settings.database_url:
        prepare_data_folder(settings)
    migrate(settings.database)
    return 0


def _accounts(settings: Settings, chosen: argparse.Namespace) -> int:
    from app.accounts import run

    for line in asyncio.run(run(settings, chosen)):
        print(line)
    return 0


def _seed(settings: Settings, chosen: argparse.Namespace) -> int:
    from app.database import Database
    from app.seeding import seed

    async def fill() -> None:
        database = Database(settings.database)
        try:
            await seed(database, chosen.submissions)
        finally:
            await database.close()

    asyncio.run(fill())
    return 0


if __name__ == "__main__":
    sys.exit(main())
