"""The command as its user has it: a process of its own, against a sandbox over real sockets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from batch.sandbox import Sandbox, SandboxOptions
from tests.cli import warm

SAMPLES = Path(__file__).parents[2] / "samples"
SECONDS = 60
SHEET = "Token;Amount;Direction\nsub-0001;12,50;add\nsub-0002;5;remove\nsub-0003;7,25;add\n"


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> tuple[str, str]:
        """Code and message of a document that is an error's, and nothing else."""
        [(name, error)] = self.document.items()
        assert (name, sorted(error)) == ("error", ["code", "message"])
        return error["code"], error["message"]

    @property
    def statuses(self) -> list[str]:
        return [row["status"] for row in self.document["rows"]]


def _decent(ended: Ended) -> Ended:
    """Whatever a command does, it shows neither a traceback nor the key, but for the sandbox's as a default."""
    assert "Traceback" not in ended.err
    assert "sandbox-key" not in (ended.err + ended.out).replace("sandbox-key]", "]")
    return ended


@dataclass
class Command:
    """Runs `creditbatch` in a folder of its own."""

    folder: Path
    url: str
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CREDITBATCH_", "SMSPARTNER_", "COLUMNS", "FORCE_COLOR"))
        }
        return kept | {
            "SMSPARTNER_API_KEY": "sandbox-key",
            "CREDITBATCH_API_URL": self.url,
            "CREDITBATCH_HOME": str(self.folder / "home"),
            "CREDITBATCH_SETTLE_SECONDS": "0.05",
            "CREDITBATCH_BACKOFF_SECONDS": "0.01",
            "CREDITBATCH_READ_TIMEOUT": "2",
            "PYTHONIOENCODING": "utf-8",
            **self.settings,
        }

    def arguments(self, *arguments: object) -> list[str]:
        return [sys.executable, "-m", "batch", *map(str, arguments)]

    def __call__(self, *arguments: object) -> Ended:
        """Quickly, where the system can."""
        if not warm.can_fork:
            return self.started(*arguments)
        given = {name: value for name, value in self.environ.items() if value}
        ended = warm.run([*map(str, arguments)], self.folder, given, SECONDS)
        assert ended is not None, f"the command does not end in {SECONDS} seconds"
        return _decent(Ended(*ended))

    def started(self, *arguments: object) -> Ended:
        """In full, as its user starts it."""
        ended = subprocess.run(
            self.arguments(*arguments),
            cwd=self.folder,
            env={name: value for name, value in self.environ.items() if value},
            capture_output=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        )
        return _decent(Ended(ended.returncode, ended.stdout, ended.stderr))

    def sheet(self, text: str = SHEET, name: str = "sheet.csv") -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(language="en")) as running:
        yield running


@pytest.fixture
def command(tmp_path: Path, sandbox: Sandbox) -> Command:
    return Command(tmp_path, sandbox.url)


def applied(sandbox: Sandbox) -> list[tuple[str, str, str]]:
    """What the sandbox really did: direction, token and amount, in order."""
    movements: Any = sandbox.ledger()["movements"]
    return [(item["direction"], item["token"], item["amount"]) for item in movements]
