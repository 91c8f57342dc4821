"""Libraries are used as they are documented: by public names, and without changing them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = "batch"
TO_BE_CHANGED = ("os.environ", "settings")
"""What a program may change by its documentation: the environment, and Django's settings while it is set up."""
SOURCES = sorted((ROOT / OURS).rglob("*.py"))


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def is_ours(module: str | None, level: int = 0) -> bool:
    return level > 0 or module is None or module.split(".")[0] == OURS


class Imports(ast.NodeVisitor):
    """The names that a file has from elsewhere, and those among what it imports that are private."""

    def __init__(self) -> None:
        self.foreign: set[str] = set()
        self.private: list[tuple[int, str]] = []

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if not is_ours(alias.name):
                self._add(node, alias, alias.name.split("."))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if not is_ours(node.module, node.level):
            for alias in node.names:
                self._add(node, alias, [*str(node.module).split("."), alias.name])

    def _add(self, node: ast.stmt, alias: ast.alias, path: list[str]) -> None:
        self.foreign.add(alias.asname or alias.name.split(".")[0])
        if any(map(is_private, path)):
            self.private.append((node.lineno, f"imports {'.'.join(path)}"))


def defined_in(tree: ast.Module) -> set[str]:
    """The private names that a file gives to something: functions, classes, fields, attributes of its own objects."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_own(node.value):
            names.add(node.attr)
    return set(filter(is_private, names))


def is_own(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "super"
    return isinstance(node, ast.Name) and node.id in {"self", "cls"}


def root_of(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def offences(source: str, defined_elsewhere: frozenset[str] = frozenset()) -> Iterator[tuple[int, str]]:
    """Where a file reaches what is private to a library, or changes one; `defined_elsewhere` is in our other files."""
    tree = ast.parse(source)
    imports = Imports()
    imports.visit(tree)
    yield from imports.private
    here = defined_in(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "sys" and any(it.name == "modules" for it in node.names):
            yield node.lineno, "imports sys.modules"
        if isinstance(node, ast.Call) and root_of(node.func) in {"setattr", "delattr"}:
            changed = root_of(node.args[0])
            if changed in imports.foreign and changed not in TO_BE_CHANGED:
                yield node.lineno, f"changes {changed}"
        if not isinstance(node, ast.Attribute):
            continue
        text = ast.unparse(node)
        if text == "sys.modules":
            yield node.lineno, "uses sys.modules"
        is_changed = not isinstance(node.ctx, ast.Load) and root_of(node) in imports.foreign
        if is_changed and not text.startswith(TO_BE_CHANGED):
            yield node.lineno, f"changes {text}"
        if is_private(node.attr) and node.attr not in (here | defined_elsewhere if is_own(node.value) else here):
            yield node.lineno, f"reaches {text}"


def test_no_library_is_reached_behind_its_public_names_or_changed() -> None:
    """A private attribute is reached where it is defined: in the same file, or through `self` in a subclass of ours."""
    sources = {path: path.read_text(encoding="utf-8") for path in SOURCES}
    defined = frozenset().union(*(defined_in(ast.parse(source)) for source in sources.values()))
    found = [
        f"{path.relative_to(ROOT)}:{line}: {what}"
        for path, source in sources.items()
        for line, what in offences(source, defined)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "from openpyxl.worksheet._writer import WorksheetWriter", "from openpyxl.cell import _writer",
        "import openpyxl.worksheet._writer", "sheet._images = []", "print(sheet._images)", "print(self._images)",
        "super()._write()", "print(sheet.__images)", "import sys\nsys.modules['numpy'] = None",
        "from sys import modules", "import sys\nsys.stdout = None",
        "def f():\n    import openpyxl.cell\n    openpyxl.cell.Cell.value = 1",
        "from openpyxl.cell import Cell\nCell.value = 1", "from openpyxl.cell import Cell\ndel Cell.value",
        "import socket\nsetattr(socket, 'socket', None)",
    ],
)  # fmt: skip
def test_what_reaches_behind_or_changes_a_library_is_found(source: str) -> None:
    assert list(offences(source))


@pytest.mark.parametrize(
    "source",
    [
        "from __future__ import annotations",
        "from batch.i18n import _\nfrom batch import __version__\nfrom . import _own",
        "class A:\n    def __init__(self, other):\n        self._a = 1\n        print(other._a, self.__class__)",
        "class A:\n    _a: int = 1\n    def _b(self):\n        return self._b, A._a",
        "import os\nos.environ['A'] = '1'",
        "from openpyxl.cell import Cell\ncell = Cell(None)\ncell.value = 1",
    ],
)
def test_what_is_public_or_ours_is_not(source: str) -> None:
    assert not list(offences(source))
