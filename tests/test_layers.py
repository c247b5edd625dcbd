"""The arrows between the parts, read from the imports of every file: who may know whom, with no knots."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("app", "judge")


@dataclass(frozen=True)
class Import:
    """One imported module, by its full name, and where it stands."""

    importer: str
    imported: str
    line: int

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


def is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


@cache
def files() -> dict[str, Path]:
    """Every module of ours by name; candidates' code under ``submissions`` is data, not ours."""
    found = {}
    for package in OURS:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "submissions" not in parts and "node_modules" not in parts:
                found[".".join(parts).removesuffix(".__init__")] = path
    return found


@cache
def imports() -> tuple[Import, ...]:
    """Every import of every file, wherever in the file it stands: at the top, in a function, for types only."""
    return tuple(found for module, path in files().items() for found in imports_of(module, path))


def imports_of(module: str, path: Path) -> list[Import]:
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"), path)):
        if isinstance(node, ast.Import):
            found += [Import(module, alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = absolute(module, path, node)
            names = [f"{origin}.{alias.name}" for alias in node.names]
            # `from judge import engine` imports a module, `from judge.engine import Judge` a name in one.
            found += [Import(module, name if name in files() else origin, node.lineno) for name in names]
    return found


def absolute(module: str, path: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def forbidden(importers: str, *allowed: str) -> list[str]:
    """The imports inside the package ``importers`` that are neither the standard library nor ``allowed``."""
    return [
        str(found)
        for found in imports()
        if is_within(found.importer, importers)
        and found.imported.split(".")[0] not in sys.stdlib_module_names
        and not any(is_within(found.imported, name) for name in allowed)
    ]


def uses(importers: str, *imported: str) -> list[str]:
    """The imports inside the package ``importers`` of what lies in ``imported``."""
    return [
        str(found)
        for found in imports()
        if is_within(found.importer, importers) and any(is_within(found.imported, name) for name in imported)
    ]


def users(importers: str, *imported: str) -> set[str]:
    return {use.split(":")[0] for use in uses(importers, *imported)}


def test_the_files_are_found() -> None:
    assert {"judge.report", "judge.cell.wire", "app"} <= set(files())
    assert any(found.imported == "judge.report" for found in imports())


def test_the_judge_knows_nothing_of_the_app() -> None:
    assert uses("judge", "app") == []


def test_what_lies_in_the_box_knows_only_itself_torch_and_numpy() -> None:
    assert forbidden("judge.cell", "judge.cell", "torch", "numpy") == []


def test_only_the_worker_knows_the_engine_and_the_cells() -> None:
    assert users("app", "judge.engine", "judge.cells", "judge.cell") <= {"app.engine", "app.worker"}


def test_only_the_command_line_knows_the_worker() -> None:
    assert users("app", "app.worker") <= {"app.cli"}


def test_no_file_of_the_app_imports_torch() -> None:
    assert uses("app", "torch") == []


def test_no_module_reaches_itself_through_its_imports() -> None:
    graph: dict[str, set[str]] = {module: set() for module in files()}
    for found in imports():
        if found.imported in graph and found.imported != found.importer:
            graph[found.importer].add(found.imported)
    assert cycles(graph) == []


def cycles(graph: dict[str, set[str]]) -> list[str]:
    """The knots: what is left when modules that import nothing of the rest are taken away, again and again."""
    left = {module: set(imported) for module, imported in graph.items()}
    while leaves := {module for module, imported in left.items() if not imported}:
        left = {module: imported - leaves for module, imported in left.items() if module not in leaves}
    # The same from the other side leaves the cycles themselves and what lies between them.
    while roots := set(left) - set().union(*left.values(), set()):
        left = {module: imported for module, imported in left.items() if module not in roots}
    return sorted(f"{module} -> {', '.join(sorted(imported))}" for module, imported in left.items())


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        ({"a": {"b"}, "b": set()}, []),
        ({"a": {"b"}, "b": {"a"}}, ["a -> b", "b -> a"]),
        ({"top": {"a"}, "a": {"b"}, "b": {"a", "leaf"}, "leaf": set()}, ["a -> b", "b -> a"]),
    ],
)
def test_a_cycle_is_seen(graph: dict[str, set[str]], expected: list[str]) -> None:
    assert cycles(graph) == expected


def test_every_package_we_import_is_one_we_ask_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = {normal(requirement) for requirement in project["dependencies"]}
    providers = packages_distributions()
    unasked = {
        f"{found.importer}:{found.line} imports {found.imported}"
        for found in imports()
        if (top := found.imported.split(".")[0]) not in (*sys.stdlib_module_names, *OURS)
        and not asked & {normal(name) for name in providers.get(top, [])}
    }
    assert sorted(unasked) == []


def normal(requirement: str) -> str:
    """The bare name of a requirement, as the index spells it."""
    name = requirement
    for end in "[<>=!~; ":
        name = name.split(end)[0]
    return name.strip().lower().replace("_", "-").replace(".", "-")


@pytest.mark.parametrize("module", ["app.main", "app.cli", "judge.report", "judge.problem"])
def test_it_starts_without_torch(module: str) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print('torch' in sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.stderr == ""
    assert finished.stdout == "False\n"
