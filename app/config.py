"""Every setting of the product, read once at start from ``HANDCODE_…`` environment variables."""

from __future__ import annotations

import difflib
import errno
import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "HANDCODE_"
DATABASE_FILE = "handcode.db"
OF_THE_COMPOSE_FILE = {"DB_PASSWORD", "BIND", "WORKER_MEMORY"}
"""What ``docker-compose.yml`` reads itself: may be exported for that, and is none of ours."""


class Settings(BaseSettings):
    """What may differ from one installation to the next; a value that makes no sense stops the program."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    data: Path = Path("data")
    database_url: str = ""
    """Empty: the embedded SQLite file in the data folder. Otherwise ``postgresql+psycopg://…``."""

    public_url: str = ""
    """How browsers reach us when that is not ``http://host:port``; https here makes cookies ``__Host-`` and secure."""

    trusted_proxies: str = ""
    """Addresses and networks, with commas between them, whose ``X-Forwarded-For`` and ``-Proto`` are believed."""

    practice: bool = False
    """Open practice: anyone may take a problem from the list without an invitation."""

    slots: int = Field(default=max(1, min(8, os.cpu_count() or 1)), ge=1, le=64)
    """Judgings a worker runs at once: one a core, since an exam is one busy thread."""

    standby_cells: int = Field(default=0, ge=0, le=64)
    """Cells prepared ahead by a worker, 12 MB of memory of its own each; 0 means one more than ``slots``."""

    move_memory: bool = True
    """Whether waiting cells share the memory that torch takes by ``judge/cell/moving.py``; without, each holds more."""

    queues: Literal["cpu", "cuda"] = "cpu"
    """Which queue a worker takes from: its box is made for one device."""

    stock: int = Field(default=2, ge=0, le=64)
    """Exams of each problem prepared ahead while idle."""

    lease_seconds: float = Field(default=20.0, gt=0)
    """A judging not heard of for this long is given back: four heartbeats."""

    retry_seconds: float = Field(default=1.0, ge=0)
    """The pause before a judging goes back after a fault of ours, times the attempt."""

    session_hours: float = Field(default=12.0, gt=0)
    submissions_per_minute: int = Field(default=30, ge=1)
    """For one candidate. API tokens have their own, higher limit: CI sends corpora."""

    token_submissions_per_minute: int = Field(default=6000, ge=1)
    logins_per_minute: int = Field(default=10, ge=1)
    """Wrong passwords from one address; half as many for one name."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_any_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("public_url")
    @classmethod
    def _is_the_root_of_a_site(cls, value: str) -> str:
        url = _parts(value)
        if value and (
            url.scheme not in ("http", "https") or not url.hostname or url.path not in ("", "/") or url.query
        ):
            raise ValueError("it has to be the address of a site, such as https://handcode.example.org")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _is_a_list_of_networks(cls, value: str) -> str:
        for network in _networks(value):
            if network.prefixlen == 0:
                raise ValueError("it would believe everyone; name the addresses that your proxies have")
        return value

    @field_validator("database_url")
    @classmethod
    def _is_a_database_we_speak_to(cls, value: str) -> str:
        _parts(value)
        if value and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("it has to begin with postgresql+psycopg:// (or sqlite:///)")
        return value

    @model_validator(mode="after")
    def _refuse_settings_that_nobody_reads(self) -> Settings:
        """A misspelt setting would leave the default in force without a word."""
        known = {name.upper() for name in type(self).model_fields}
        given = {name.removeprefix(PREFIX) for name in os.environ if name.startswith(PREFIX)}
        unknown = []
        for name in sorted(given - known - OF_THE_COMPOSE_FILE):
            meant = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {PREFIX}{meant[0]}?" if meant else "the README lists them all."
            unknown.append(f"{PREFIX}{name} is no setting of this version; {hint}")
        if unknown:
            raise ValueError("\n".join(unknown))
        return self

    @property
    def url(self) -> str:
        """The public address or, without one, the address for a browser on this machine; no slash at the end."""
        # Whoever listens on every address has none of their own to open.
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return (self.public_url or f"http://{f'[{host}]' if ':' in host else host}:{self.port}").rstrip("/")

    @property
    def https(self) -> bool:
        return self.url.startswith("https://")

    @property
    def proxies(self) -> list[str]:
        """The networks whose word about the sender's address is taken, for uvicorn; empty for none."""
        networks = _networks(self.trusted_proxies)
        # On a socket for both kinds of addresses an old one comes as ::ffff:10.0.0.1.
        mapped = [f"::ffff:{one.network_address}/{96 + one.prefixlen}" for one in networks if one.version == 4]
        return [*map(str, networks), *mapped]

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in use."""
        return self.database_url or f"sqlite:///{(self.data / DATABASE_FILE).absolute()}"

    def prepare_data_folder(self) -> None:
        """Make the data folder, readable by its owner alone: it holds candidates' code and password hashes.

        Raises ``OSError``, also for a folder that is somebody else's: nobody's home is closed for a slip of the pen.
        """
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.data.stat().st_mode & 0o077:
            if any(self.data.iterdir()) and not (self.data / DATABASE_FILE).exists():
                raise OSError(errno.ENOTEMPTY, "it is open to others and holds other things than ours")
            self.data.chmod(0o700)


def _networks(text: str) -> list[IPv4Network | IPv6Network]:
    """Raises ``ValueError``."""
    try:
        return [ip_network(part.strip()) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise ValueError(f"it has to be addresses or networks, such as 127.0.0.1,10.0.0.0/8 ({error})") from error


def _parts(url: str) -> SplitResult:
    """Raises ``ValueError`` also for a port that is no number, which is else noticed when it is asked for."""
    parts = urlsplit(url)
    _ = parts.port
    return parts
