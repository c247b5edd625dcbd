"""Brings the database to this version's tables; plain and blocking, before anything else is started."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

PROJECT = Path(__file__).parent.parent / "pyproject.toml"


def migrate(url: str) -> None:
    """Every migration not yet done, on the database of ``url``."""
    command.upgrade(alembic_config(url), "head")


def alembic_config(url: str) -> Config:
    config = Config(toml_file=PROJECT)
    config.attributes["url"] = url
    return config
