"""Passwords: which ones are taken, how they are stored, that two at a time are hashed, and that few are guessed."""

from __future__ import annotations

import asyncio
import functools
import secrets
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from app.errors import BadRequest
from app.limits import Attempts

SHORTEST, LONGEST = 8, 1000

HASHES_AT_ONCE = 2
"""Each takes 64 MiB while it lasts: ten at once ended a web container of 512."""

_hasher = PasswordHasher()
_threads = ThreadPoolExecutor(HASHES_AT_ONCE, thread_name_prefix="password")


def check_password(password: str) -> str:
    """The password; raises ``BadRequest`` on one that is not taken."""
    if len(password) < SHORTEST:
        raise BadRequest(f"A password has at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise BadRequest(f"A password has at most {LONGEST} characters.")
    return password


async def hash_password(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def password_matches(password_hash: str | None, password: str, attempts: Attempts) -> bool:
    """Without a hash, for a name that nobody has, the answer is no and takes as long. Raises ``TooManyRequests``."""
    attempts.require_room()
    return await asyncio.get_running_loop().run_in_executor(_threads, _matches, password_hash, password, attempts)


def _matches(password_hash: str | None, password: str, attempts: Attempts) -> bool:
    attempts.require_room()  # asked again: a hundred that were sent at one moment all found room, and waited here
    try:
        matches = _hasher.verify(password_hash or _hash_of_nobody(), password) and password_hash is not None
    except VerificationError:
        matches = False
    if not matches:
        attempts.count()
    return matches


@functools.cache
def _hash_of_nobody() -> str:
    return _hasher.hash(secrets.token_hex(16))
