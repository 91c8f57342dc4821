"""What lies in the folder where somebody works decides nothing: no module of it is run, and no `.env` gets a key."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch.sheet.subprocess_reader import end_child, make_child_command, start_child
from tests.cli.conftest import SAMPLES, Command

SHADOWS = (
    "csv",
    "json",
    "sitecustomize",
    "usercustomize",
    "decimal",
    "django",
    "pandas",
    "openpyxl",
    "dbus",
    "psycopg",
)
EVIL = "import os, pathlib; pathlib.Path({mark!r}).touch(); raise SystemExit('evil')\n"
SCRIPT = [str(Path(sys.executable).with_name("creditbatch"))]
MODULE = [sys.executable, "-m", "batch"]


@pytest.fixture
def mark(tmp_path: Path) -> Iterator[Path]:
    """A folder full of modules that have the names of real ones; what they leave where one is run."""
    found = tmp_path / "was-run"
    for name in SHADOWS:
        (tmp_path / f"{name}.py").write_text(EVIL.format(mark=str(found)), "utf-8")
    yield found
    assert not found.exists(), "a module of the current folder was run"


@pytest.mark.slow
@pytest.mark.parametrize("start", [SCRIPT, MODULE])
def test_a_sheet_is_checked_and_marked_without_the_modules_beside_it(
    newcomer: Command, mark: Path, start: list[str]
) -> None:
    sheet = str(SAMPLES / "mistakes.xlsx")
    ended = subprocess.run(
        [*start, "check", sheet, "--annotate", "marked.xlsx"],
        cwd=newcomer.folder, env=newcomer.environ, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (ended.returncode, (newcomer.folder / "marked.xlsx").exists()) == (1, True), ended.stderr


def test_a_child_imports_what_its_parent_does_but_for_the_current_folder(
    tmp_path: Path, mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("", str(tmp_path), f"{tmp_path}/."):
        monkeypatch.setattr(sys, "path", [path, *sys.path])
    monkeypatch.setenv("PYTHONPATH", "")
    command = make_child_command("csv")
    assert not [word for word in command if str(tmp_path) in word]
    child = start_child("batch.sheet.child")
    try:
        child.communicate(b"", 30)
    finally:
        end_child(child)
