"""The house: files of one concept, names that say what they do, one meaning a name. Counted, so that it stays so."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
OURS = "batch"
MOST_FILES = 162
"""140 before the records proved themselves, which took a room of their own."""
LONGEST_FILE = 450
"""Lines that are not blank."""
LEAST_VERBS = 0.9
VERBS = frozenset((Path(__file__).parent / "verbs.txt").read_text("utf-8").split())
"""With which names of functions and their docstrings begin; one that is missing is added."""
ASKS = {"is", "has", "can", "may"}
PREPOSITIONS = frozenset(
    {"about", "after", "against", "as", "at", "before", "between", "by", "for", "from", "in", "into", "of", "on",
     "over", "per", "than", "to", "under", "until", "with", "within"}
)  # fmt: skip
PARTICIPLES = ("ed", "ing", "shown", "told", "made", "read_out", "kept", "written", "said", "sent", "found")
NO_PARTICIPLES = {"warning", "feed", "need", "proceed", "exceed", "speed", "string", "bring", "ring"}
TWICE = {"Event", "Lease", "Movement"}
"""What the ledger speaks of, and the record of it in the database."""
MODULES_TWICE = {"__init__", "forms", "models", "settings", "views"}
"""What Django calls them, an area each."""


class Function(NamedTuple):
    place: str
    name: str
    docstring: str | None


def sources() -> Iterator[Path]:
    return (path for path in sorted((ROOT / OURS).rglob("*.py")) if "migrations" not in path.parts)


TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in sources()}


def functions() -> list[Function]:
    """All functions and methods but properties, which are named like what they are, and those that Python names."""
    return [
        Function(f"{name}:{node.lineno} {node.name}", node.name.lstrip("_"), ast.get_docstring(node))
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("__")
        and not any("property" in ast.unparse(decorator) for decorator in node.decorator_list)
    ]


FUNCTIONS = functions()


def test_the_house_is_of_a_size_to_be_overlooked() -> None:
    assert len(TREES) <= MOST_FILES
    lines = {name: sum(map(bool, map(str.strip, (ROOT / name).read_text("utf-8").splitlines()))) for name in TREES}
    assert {name: number for name, number in lines.items() if number > LONGEST_FILE} == {}


def test_functions_are_named_by_what_they_do() -> None:
    named = [function for function in FUNCTIONS if function.name.split("_")[0] in VERBS | ASKS]
    assert len(named) / len(FUNCTIONS) >= LEAST_VERBS


def test_no_name_ends_in_a_preposition_or_is_a_bare_participle() -> None:
    faults = [
        function.place
        for function in FUNCTIONS
        if function.name.split("_")[-1] in PREPOSITIONS
        or ("_" not in function.name and function.name.endswith(PARTICIPLES) and function.name not in NO_PARTICIPLES)
    ]
    assert faults == []


def test_docstrings_of_functions_open_with_a_verb_in_the_imperative() -> None:
    told = [function for function in FUNCTIONS if function.docstring]
    assert [one.place for one in told if str(one.docstring).split()[0].lower().strip(",.:;") not in VERBS] == []


def test_no_name_of_a_class_or_a_module_has_two_meanings() -> None:
    classes = defaultdict(set)
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name != "Meta":
                classes[node.name].add(name)
    assert {name for name, places in classes.items() if len(places) > 1} <= TWICE
    modules = Counter(Path(name).stem for name in TREES)
    assert {name for name, number in modules.items() if number > 1} <= MODULES_TWICE


def test_nothing_private_is_imported_from_another_file() -> None:
    imported = [
        f"{name}: {alias.name}"
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == OURS
        for alias in node.names
        if alias.name.startswith("_") and alias.name not in {"_", "__version__"}
    ]
    assert imported == []
