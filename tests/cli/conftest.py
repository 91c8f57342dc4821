"""The command as its user has it, against a sandbox over real sockets: as a function, or as a process of its own."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any

import pytest

from batch.__main__ import main
from batch.cli import terminal
from batch.i18n import Language, set_language
from batch.sandbox import Sandbox, SandboxOptions
from batch.zone import get_zone, set_zone
from tests.cli import warm

SAMPLES = Path(__file__).parents[2] / "samples"
SECONDS = 60
_SPEAKING = ("--lang", "CREDITBATCH_LANG", "LANG", "LC_ALL")
SHEET = "Token;Amount;Direction\nsub-0001;12,50;add\nsub-0002;5;remove\nsub-0003;7,25;add\n"


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> tuple[str, str]:
        """Code and message of a document that is an error's, and nothing else."""
        error = self.document["error"]
        assert (sorted(self.document), sorted(error)) == (["error", "schema_version"], ["code", "message"])
        return error["code"], error["message"]

    @property
    def statuses(self) -> list[str]:
        return [row["status"] for row in self.document["rows"]]


def complaint(ended: Ended) -> str:
    """What a command says that could not begin, in one sentence."""
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (2, "", 1)
    return ended.err


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
    def home(self) -> Path:
        return self.folder / "home"

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
            "CREDITBATCH_HOME": str(self.home),
            "CREDITBATCH_SETTLE_SECONDS": "0.05",
            "CREDITBATCH_BACKOFF_SECONDS": "0.01",
            "CREDITBATCH_READ_TIMEOUT": "2",
            "PYTHONIOENCODING": "utf-8",
            **self.settings,
        }

    def arguments(self, *arguments: object) -> list[str]:
        return [sys.executable, "-m", "batch", *map(str, arguments)]

    def __call__(self, *arguments: object) -> Ended:
        """Quickly: as a function, or in a process of its own where it speaks another language than this one."""
        given = {name: value for name, value in self.environ.items() if value}
        words = [*map(str, arguments)]
        if not any(word.startswith(_SPEAKING) for word in (*given, *words)):
            return _decent(_call(words, self.folder, given))
        if not warm.can_fork:
            return self.started(*arguments)
        ended = warm.run(words, self.folder, given, SECONDS)
        assert ended is not None, f"the command does not end in {SECONDS} seconds"
        return _decent(Ended(*ended))

    def started(self, *arguments: object) -> Ended:
        given = {name: value for name, value in self.environ.items() if value}
        ended = warm.run_in_full([*map(str, arguments)], self.folder, given, SECONDS)
        assert ended is not None, f"the command does not end in {SECONDS} seconds"
        return _decent(Ended(*ended))

    def process(self, *arguments: object, out: int = DEVNULL, err: int = DEVNULL) -> Popen[str]:
        """In full, to be met while it runs."""
        words, env = self.arguments(*arguments), {name: value for name, value in self.environ.items() if value}
        return Popen(words, cwd=self.folder, env=env, stdin=DEVNULL, stdout=out, stderr=err, encoding="utf-8")

    def sheet(self, text: str = SHEET, name: str = "sheet.csv") -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


def _call(arguments: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Ended:
    from django.conf import settings
    from django.db import connections

    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with (
        pytest.MonkeyPatch.context() as changed,
        chdir(folder),
        Path(os.devnull).open() as nothing,
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        changed.setattr(sys, "argv", ["creditbatch", *arguments])
        changed.setattr(sys, "stdin", nothing)
        changed.setattr(terminal, "_has_document", False)
        before, terminated, zone = dict(os.environ), signal.getsignal(signal.SIGTERM), get_zone()
        os.environ.clear()
        os.environ.update(environ)
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        finally:
            os.environ.clear()
            os.environ.update(before)
            signal.signal(signal.SIGTERM, terminated)
            set_language(Language.ENGLISH)
            set_zone(zone)
            if settings.configured:
                connections.close_all()
    assert isinstance(code, int)
    return Ended(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(language="en")) as running:
        yield running


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger without a batch, to be copied: making one takes longer than most commands."""
    first = Command(tmp_path_factory.mktemp("first"), "http://127.0.0.1:1/v1")
    assert first("batches").code == 0
    return first.folder / "home" / "ledger.sqlite3"


@pytest.fixture
def newcomer(tmp_path: Path, sandbox: Sandbox) -> Command:
    return Command(tmp_path, sandbox.url)


@pytest.fixture
def command(newcomer: Command, empty_ledger: Path) -> Command:
    """With an empty ledger."""
    return give_ledger(newcomer, empty_ledger)


def give_ledger(command: Command, ledger: Path) -> Command:
    command.home.mkdir(mode=0o700)
    shutil.copy2(ledger, command.home)
    return command


def wait_until(is_so: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def applied(sandbox: Sandbox) -> list[tuple[str, str, str]]:
    """What the sandbox really did: direction, token and amount, in order."""
    movements: Any = sandbox.ledger()["movements"]
    return [(item["direction"], item["token"], item["amount"]) for item in movements]
