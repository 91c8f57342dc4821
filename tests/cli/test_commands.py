"""Every command that a sentence names works when it is typed, and no terminal breaks it over two lines."""

from __future__ import annotations

import os
import re
import shlex
import sys
from contextlib import closing
from string import Formatter
from subprocess import PIPE, Popen

import pytest

from batch.cli.app import app
from batch.cli.terminal import wrap_sentence
from batch.sandbox import Sandbox
from tests import catalogue
from tests.cli.conftest import SHEET, Command

BATCH = "20260131-235959-a1b2c3"
PLAUSIBLE = {"batch": BATCH, "row": "17", "url": "https://stamp.example/tsr"}
QUOTED = re.compile(r"[`“«]\s?(creditbatch(?: [^`”»]*)?)[`”»]")


def sentences() -> list[str]:
    """Those of the code in English, and what they are in French."""
    said, french = catalogue.template(), catalogue.present()
    known = [french.get(message.id, message.context) for message in said]
    return [
        *(form for message in said for form in _forms(message.id)),
        *(form for message in known if message is not None for form in _forms(message.string)),
    ]


def _forms(text: object) -> list[str]:
    return [str(form) for form in (text if isinstance(text, list | tuple) else [text]) if form]


COMMANDS = sorted({command.strip() for sentence in sentences() for command in QUOTED.findall(sentence)})


def test_there_are_commands_to_look_at() -> None:
    assert len(COMMANDS) > 10


@pytest.mark.parametrize("named", COMMANDS)
def test_a_command_that_a_sentence_names_is_understood(named: str) -> None:
    _program, name, *arguments = shlex.split(named.format_map(PLAUSIBLE))
    app.commands[name].make_context(name, arguments).close()


@pytest.mark.parametrize("width", [40, 60, 80])
@pytest.mark.parametrize("sentence", [one for one in sentences() if QUOTED.search(one)])
def test_no_command_is_broken_over_two_lines(sentence: str, width: int) -> None:
    fields = {name for _text, name, *_ in Formatter().parse(sentence) if name}
    said = sentence.format_map(dict.fromkeys(fields, "something that is as long as this") | PLAUSIBLE)
    lines = wrap_sentence(said, width).splitlines()
    assert " ".join(lines) == said
    for command in QUOTED.findall(said):
        [line] = [line for line in lines if command in line]
        assert len(line) <= width or line.split(command)[0].strip("`“«\N{NO-BREAK SPACE} ") == ""
    assert all(len(line) <= width for line in lines if not QUOTED.search(line))


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_a_terminal_shows_each_command_whole(command: Command, sandbox: Sandbox, columns: int) -> None:
    pty = pytest.importorskip("pty", reason="Windows has no such terminals")
    sandbox.add_fault("refuse:code=20,skip=1")
    batch = command("run", command.sheet(SHEET), "--yes", "--json").document["batch"]
    ours, theirs = pty.openpty()
    arguments = [sys.executable, "-m", "batch", "show", batch]
    environ = command.environ | {"COLUMNS": str(columns), "TERM": "dumb"}
    with Popen(arguments, cwd=command.folder, env=environ, stdin=theirs, stdout=theirs, stderr=PIPE) as process:
        os.close(theirs)
        with closing(os.fdopen(ours, "rb", buffering=0)) as screen:
            shown = b""
            # Linux ends a terminal whose other side was closed with an error.
            while piece := _read(screen.fileno()):
                shown += piece
        assert process.wait(60) == 3
    assert f"creditbatch resume {batch}" in shown.decode()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""
