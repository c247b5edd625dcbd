"""Looks at the candidate's source, without running it, for built-in normalisations named in it.

Says where a forbidden thing is *named*, and whether the layer may come there (``reach``); whether it did the work is
seen by ``norms``. Comments and strings are no code, but a string handed to ``getattr``, ``importlib`` or ``__import__``
is put together first (``"batch" + "_norm"``).
"""

from __future__ import annotations

import ast
import contextlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from judge.cell import reach

_NORM_NAME = re.compile(
    r"(^|_)(batch|layer|group|instance|rms)_norm|^(Sync|Lazy)?(Batch|Layer|Group|Instance|RMS)Norm(\d[dD])?$"
)
_WORD = re.compile(r"\w+")
_QUIET = re.compile(r"^(torch\._(refs|decomp|prims)|judge)(\.|$)")
"""What leaves no operator behind when it runs; and whoever reaches for ``judge`` can blind the watch over operators."""


@dataclass(frozen=True)
class Named:
    """A built-in normalisation named in the source; ``reached`` says whether the layer may come to run that place.

    ``quiet`` ones leave no operator when they run: there, the name alone breaks the rule.
    """

    name: str
    line: int
    quiet: bool
    reached: bool


_TELLING = frozenset({"getattr", "import_module", "__import__", "modules", "_refs", "_decomp", "_prims", "judge"})
"""Without one of these words a source names a built-in by its own name, in one piece, or not at all."""


def look(text: str, class_names: Sequence[str]) -> list[Named]:
    """What the source of a layer of one of these names names; empty when it does not parse (loading it says why)."""
    words = set(_WORD.findall(unicodedata.normalize("NFKC", text)))  # as Python reads identifiers
    if not words & _TELLING and not any(map(_NORM_NAME.search, words)):
        return []  # most honest files, and a walk over their tree would take a twentieth of an exam
    return walk(text, class_names)


def walk(text: str, class_names: Sequence[str]) -> list[Named]:
    """``look`` by the tree alone."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return []
    with contextlib.suppress(RecursionError):
        looker = _Looker(reach.reached(tree, class_names))
        looker.visit(tree)
        return looker.found
    return []


class _Looker(ast.NodeVisitor):
    """Follows import aliases, so that only torch's own normalisations count and never a helper of the same name."""

    def __init__(self, reached: set[ast.stmt]) -> None:
        self.found: list[Named] = []
        self.alias: dict[str, str] = {}
        self._reached = reached
        self._here = False
        self._in_main = False
        self._inside_function = False

    def visit(self, node: ast.AST) -> None:
        before = self._here, self._in_main, self._inside_function
        if isinstance(node, ast.stmt) and not self._inside_function:
            self._here = node in self._reached or (self._here and not isinstance(node, reach.Functions))
            self._inside_function = isinstance(node, reach.Functions)
        super().visit(node)
        self._here, self._in_main, self._inside_function = before

    def visit_If(self, node: ast.If) -> None:
        if not self._inside_function and reach.is_main_guard(node):
            self._in_main = True
            for statement in node.body:
                self.visit(statement)
            self._in_main = False
            for statement in node.orelse:
                self.visit(statement)
        else:
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for name in node.names:
            self.alias[name.asname or name.name.split(".")[0]] = name.name if name.asname else name.name.split(".")[0]
            self._note(name.name, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for name in node.names:
            full = f"{node.module or ''}.{name.name}"
            self.alias[name.asname or name.name] = full
            self._note(full, node.lineno)

    def visit_Assign(self, node: ast.Assign) -> None:
        full = self._resolve(node.value)
        for target in node.targets:
            if isinstance(target, ast.Name) and full is not None:
                self.alias[target.id] = full
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        full = self._resolve(node)
        if full is not None:
            self._note(full, node.lineno)
        else:
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        full = self._resolve(node)
        if full is not None:
            self._note(full, node.lineno)
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        name = _constant(node.slice)
        if name is not None and self._resolve(node.value) == "sys.modules":
            self._note(name, node.lineno)
        self.generic_visit(node)

    def _note(self, full: str, line: int) -> None:
        parts = full.split(".")
        without_trace = bool(_QUIET.match(full))
        normalises = without_trace or any(_NORM_NAME.search(part) for part in parts[1:])
        if parts[0] in ("torch", "judge") and normalises and not any(named.line == line for named in self.found):
            quiet = without_trace and not self._in_main and (self._here or parts[0] == "judge")
            self.found.append(Named(full, line, quiet, self._here))

    def _resolve(self, node: ast.expr) -> str | None:
        """The dotted name an expression stands for, as far as it can be read: names, attributes, getattr, imports."""
        if isinstance(node, ast.Name):
            return self.alias.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self._resolve(node.value)
            return f"{owner}.{node.attr}" if owner else None
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else self._resolve(node.func)
            arguments = node.args
            if called == "getattr" and len(arguments) >= 2:
                owner, name = self._resolve(arguments[0]), _constant(arguments[1])
                return f"{owner}.{name}" if owner and name else None
            if called in ("__import__", "importlib.import_module", "import_module") and arguments:
                return _constant(arguments[0])
        return None


def _constant(node: ast.expr) -> str | None:
    """A string put together from literals: constants, ``+``, f-strings without holes, ``"".join([...])``."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _constant(node.left), _constant(node.right)
        return left + right if left is not None and right is not None else None
    if isinstance(node, ast.JoinedStr):
        pieces = [_constant(value.value if isinstance(value, ast.FormattedValue) else value) for value in node.values]
        return None if None in pieces else "".join(piece or "" for piece in pieces)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join" and node.args:
        glue, items = _constant(node.func.value), node.args[0]
        if glue is not None and isinstance(items, ast.List | ast.Tuple):
            words = [_constant(item) for item in items.elts]
            return None if None in words else glue.join(word or "" for word in words)
    return None
