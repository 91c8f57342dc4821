"""Every command in full, as its user starts it: it loads what it needs, and says what it says to the other tests."""

from __future__ import annotations

import signal
import subprocess
import sys
from importlib.util import find_spec

import pytest

from batch.cli.app import app
from batch.sandbox import Sandbox
from tests.cli import warm
from tests.cli.conftest import SAMPLES, Command, applied

COMMANDS = set(app.commands)
UNTIL_STOPPED = {"serve", "sandbox"}
"""The first is the matter of test_serve.py, the second of the last test here."""


@pytest.mark.slow
def test_every_command_loads_what_it_needs(command: Command, sandbox: Sandbox) -> None:
    sandbox.add_fault("reset-before")
    ran = command.started("run", command.sheet(), "--yes", "--json", "--ask-before-resend")
    assert (ran.code, ran.statuses) == (3, ["unknown", "pending", "pending"])
    batch = ran.document["batch"]
    with Sandbox() as other:
        given_up = command.settings | {"CREDITBATCH_API_URL": other.url}
        other.add_fault("refuse:code=20")
        command.settings = given_up
        begun = command.started("run", command.sheet(), "--yes", "--json").document["batch"]
        command.settings = {}
    starts = (
        ("abandon", begun, "--why", "the rest is paid by hand"),
        ("resolve", batch, 2, "--not-applied", "--why", "looked"),
        ("resume", batch),
        ("batches",),
        ("show", batch),
        ("report", batch, "--out", "again.xlsx"),
        ("verify", batch, "--report", "again.xlsx"),
        ("evidence", batch),
        ("key",),
        ("journal", batch),
        ("backup", "copy.sqlite3"),
        ("accounts",),
        ("check", SAMPLES / "monthly.xlsx", "--annotate", "marked.xlsx"),
        ("template", "--from-account"),
        ("demo",),
        ("completion", "bash"),
    )
    ended = {str(start[0]): command.started(*start) for start in starts}
    assert {name: answer for name, answer in ended.items() if answer.code} == {}
    assert {"run", *ended, *UNTIL_STOPPED} == COMMANDS
    assert len(applied(sandbox)) == 3


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (1, ("check", SAMPLES / "mistakes.xlsx")),
        (1, ("check", SAMPLES / "mistakes.xlsx", "--offline", "--lang", "fr")),
        (0, ("resume", "--help", "--lang", "fr")),
        (2, ("resolve", "nope", "1", "--applied", "--why", "é")),
        (2, ("chek",)),
    ],
)
def test_it_ends_as_it_does_for_the_other_tests(command: Command, code: int, arguments: tuple[object, ...]) -> None:
    in_full = command.started(*arguments)
    assert in_full.code == code
    assert in_full == command(*arguments)


@pytest.mark.parametrize("name", warm.LOADED)
def test_what_is_loaded_for_the_other_tests_is_there(name: str) -> None:
    assert find_spec(name) is not None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl-C to a console, not to a process")
def test_the_sandbox_answers_until_it_is_told_to_end(command: Command) -> None:
    with command.process("sandbox", "--port", "0", "--key", "another", err=subprocess.PIPE) as process:
        try:
            assert process.stderr is not None
            address = process.stderr.readline().split()[4]
            command.settings |= {"CREDITBATCH_API_URL": address, "SMSPARTNER_API_KEY": "another"}
            assert len(command("accounts", "--json").document["subaccounts"]) == 29
            process.send_signal(signal.SIGINT)
            assert process.stderr.read() == "The sandbox has ended.\n"
            assert process.wait(20) == 0
        finally:
            process.kill()


def test_a_check_loads_nothing_that_only_a_report_needs() -> None:
    loaded = "import sys, batch.cli.check, batch.cli.screens; print({'openpyxl', 'django'} & sys.modules.keys())"
    ended = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert ended.stdout == "set()\n"
