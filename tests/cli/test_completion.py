"""What a shell completes, and what the name alone answers."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from subprocess import Popen

import pytest

from tests.cli.conftest import SHEET, Command
from tests.programs import found, needs

BASH = found("bash") or ""
Type = Callable[[str, str], str]


def completed(command: Command, *words: str) -> list[str]:
    """What the script asks of the program, and its answer: a kind and a value each."""
    asked = {"COMP_WORDS": " ".join(("creditbatch", *words)), "COMP_CWORD": str(len(words))}
    command.settings |= asked | {"_CREDITBATCH_COMPLETE": "bash_complete"}
    ended = command()
    assert (ended.code, ended.err) == (0, "")
    return ended.out.split()


def test_the_name_alone_prints_the_help(newcomer: Command) -> None:
    alone = newcomer()
    assert (alone.code, alone.err) == (0, "")
    assert alone.out == newcomer("--help").out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("che",), ["plain,check"]),
        (("run", "--par"), ["plain,--partial"]),
        (("journal", "b", "--format", ""), ["plain,fec", "plain,csv"]),
        (("--lang", "fr", "check", "jan"), ["file,jan"]),
        (("check", "january.xlsx", "--out", "re"), ["file,re"]),
        (("check", "january.xlsx", "--out", "no-suffix", "--off"), ["plain,--offline"]),
    ],
)
def test_commands_options_choices_and_files_are_completed(
    newcomer: Command, words: tuple[str, ...], expected: list[str]
) -> None:
    assert completed(newcomer, *words) == expected
    assert not newcomer.home.exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(newcomer: Command, shell: str) -> None:
    ended = newcomer("completion", shell)
    assert (ended.code, f"_CREDITBATCH_COMPLETE={shell}_complete" in ended.out) == (0, True)


def test_another_shell_is_refused(newcomer: Command) -> None:
    assert newcomer("completion", "tcsh").code == 2


@pytest.fixture
def bash(newcomer: Command) -> Iterator[Type]:
    """A bash at a terminal, which has the script: keys are typed until something is to be seen."""
    pty = pytest.importorskip("pty", reason="Windows has no such terminals")
    programs = newcomer.folder / "programs"
    programs.mkdir()
    (programs / "creditbatch").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m batch "$@"\n', "utf-8")
    (programs / "creditbatch").chmod(0o700)
    environ = newcomer.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "TERM": "dumb", "PS1": "> "}
    terminal, theirs = pty.openpty()
    shell = [BASH, "--norc", "--noprofile", "-i"]
    process = Popen(shell, cwd=newcomer.folder, env=environ, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)

    def type_keys(keys: str, awaited: str) -> str:
        os.write(terminal, keys.encode())
        shown, deadline = b"", time.monotonic() + 20
        while awaited not in shown.decode(errors="replace"):
            assert time.monotonic() < deadline, shown
            if select.select([terminal], [], [], 0.1)[0]:
                shown += os.read(terminal, 4096)
        return shown.decode()

    yield type_keys
    os.close(terminal)
    process.kill()
    process.wait()


@needs("bash", BASH or None, "what it completes")
def test_a_real_bash_completes_a_command_and_a_file(bash: Type, newcomer: Command) -> None:
    newcomer.sheet(SHEET, "january.csv")
    bash('eval "$(creditbatch completion bash)"; echo re""ady\n', "ready")
    bash("creditbatch chec\t", "check ")
    bash("jan\t", "january.csv")
    bash(" --offl\t", "--offline")
