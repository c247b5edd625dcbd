"""Which parts of a candidate's file its layer may come to run, read from the tree alone; what is in doubt may be run.

A file is cut into units: functions, methods, what else a class holds, other statements of the module. The layer's class
is reached; a unit that reached code mentions by any name, attribute or string is, too. Under
``if __name__ == "__main__":`` nothing is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

_CALLED_BY_TORCH = frozenset(dir(torch.nn.Module)) | frozenset(dir(torch.autograd.Function)) | {"forward", "backward"}
_ANYTHING = frozenset({"exec", "eval", "globals", "locals"})
"""Code that mentions one of these may run whatever the file holds."""

Functions = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class _Unit:
    """``defines`` are the names it is reached by, ``owner`` the class whose method it is."""

    node: ast.stmt
    defines: frozenset[str]
    mentions: frozenset[str]
    owner: ast.ClassDef | None = None


def reached(tree: ast.Module, class_names: Sequence[str]) -> set[ast.stmt]:
    """The statements, functions, methods and classes that a layer of one of these names may come to run.

    Of a class that is reached, each method counts by itself.
    """
    units = list(_units(tree.body))
    found: set[ast.stmt] = set()
    names = set(class_names)
    while new := [unit for unit in units if unit.node not in found and _is_reached(unit, names, found)]:
        found |= {unit.node for unit in new}
        names.update(*(unit.mentions for unit in new))
        if names & _ANYTHING:
            return {unit.node for unit in units}
    return found


def is_main_guard(node: ast.If) -> bool:
    """Whether a statement is ``if __name__ == "__main__":``."""
    test = node.test
    if not (isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq)):
        return False
    sides = (test.left, test.comparators[0])
    words = {side.id if isinstance(side, ast.Name) else getattr(side, "value", None) for side in sides}
    return words == {"__name__", "__main__"}


def _is_reached(unit: _Unit, names: set[str], found: set[ast.stmt]) -> bool:
    if unit.owner is None:
        return bool(unit.defines & names)
    (name,) = unit.defines
    by_itself = name in _CALLED_BY_TORCH or (name.startswith("__") and name.endswith("__"))
    return unit.owner in found and (by_itself or name in names)


def _units(body: list[ast.stmt], owner: ast.ClassDef | None = None) -> Iterator[_Unit]:
    for node in body:
        if isinstance(node, Functions):
            yield _Unit(node, frozenset({node.name}), _mentions([node]), owner)
        elif isinstance(node, ast.ClassDef):
            rest = [one for one in node.body if not isinstance(one, Functions)]
            heads: list[ast.AST] = [*node.bases, *node.keywords, *node.decorator_list, *rest]
            yield _Unit(node, frozenset({node.name}), _mentions(heads))
            yield from _units([one for one in node.body if isinstance(one, Functions)], node)
        elif isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
            main = isinstance(node, ast.If) and is_main_guard(node)
            yield from _units(list(_inside(node, skipping_body=main)))
        else:
            yield _Unit(node, frozenset(_defined(node)), _mentions([node]))


def _inside(node: ast.stmt, *, skipping_body: bool) -> Iterator[ast.stmt]:
    """The statements a compound one holds, one level down."""
    for name in ("body", "orelse", "finalbody"):
        if not (skipping_body and name == "body"):
            yield from getattr(node, name, [])
    for handler in getattr(node, "handlers", []):
        yield from handler.body


def _defined(node: ast.stmt) -> Iterator[str]:
    """The names of what a plain statement of the module binds, or may change."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name.split(".")[0]
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield from (given.id for given in node.value.args if isinstance(given, ast.Name))  # setattr(Layer, …)
    else:
        for child in ast.walk(node):  # Layer.forward = …, with the names of the target's owner
            if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
                yield child.id
            elif isinstance(child, ast.Attribute | ast.Subscript) and isinstance(child.ctx, ast.Store):
                yield from _mentions([child.value])


def _mentions(nodes: Sequence[ast.AST]) -> frozenset[str]:
    """Every name, attribute and string there that could be the name of something."""
    found: set[str] = set()
    for node in (each for one in nodes for each in ast.walk(one)):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            found.add(node.value)
    return frozenset(found)
