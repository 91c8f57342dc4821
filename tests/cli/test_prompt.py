"""The question before a live run, at a real terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from batch.sandbox import Sandbox
from tests.cli.conftest import Command, applied

pty = pytest.importorskip("pty", reason="Windows has no such terminals")


def answered(command: Command, answer: bytes, *more: str) -> tuple[int, str, str]:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "batch", "run", str(command.sheet()), "--json", *more],
        cwd=command.folder,
        env={name: value for name, value in command.environ.items() if value},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.write(ours, answer)
        out, err = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    return process.returncode, out, err


def test_yes_moves_the_credit_and_the_question_names_euros_rows_and_account(command: Command, sandbox: Sandbox) -> None:
    code, out, err = answered(command, b"y\n")
    assert code == 0
    assert out.startswith("{")
    for words in ("€19.75", "2 rows", "exemple@email.com", sandbox.url, "Move this credit now?"):
        assert words in err
    assert len(applied(sandbox)) == 3


@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"maybe\n"])
def test_anything_but_yes_moves_nothing(command: Command, sandbox: Sandbox, answer: bytes) -> None:
    code, out, err = answered(command, answer)
    assert (code, json.loads(out)["error"]["code"], applied(sandbox)) == (2, "usage", [])
    assert "you said no" in err


@pytest.mark.parametrize(("answer", "paid"), [(b"n\n", 0), (b"y\n", 3)])
def test_a_key_goes_where_only_the_folder_leads_if_the_person_agrees(
    command: Command, sandbox: Sandbox, answer: bytes, paid: int
) -> None:
    command.settings["CREDITBATCH_API_URL"] = ""
    command.sheet(f"CREDITBATCH_API_URL={sandbox.url}\n", ".env")
    code, _out, err = answered(command, answer, "--yes")
    assert (code, len(applied(sandbox))) == (0 if paid else 2, paid)
    assert f"http://localhost:{urlsplit(sandbox.url).port}" in err.replace("\n", " ")
    assert "Send the key to that address?" in err
