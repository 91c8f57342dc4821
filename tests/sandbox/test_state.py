from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from batch.sandbox import SandboxOptions
from batch.sandbox.account import SandboxAccount
from batch.sandbox.server import open_account


def reopened(path: Path, main: str = "1000", drift: str = "0", move: bool = False) -> SandboxAccount:
    """The account of the file, perhaps after an add, a drift and a top-up; the file is let go of as a kill would."""
    options = SandboxOptions(state=path, main_balance=Decimal(main), subaccounts=1, drift=Decimal(drift))
    account, file = open_account(options)
    if move:
        account.move("add", "10.5", "sub-0001")
        account.add_credit(Decimal(3))
    assert file
    file.close()
    return account


def run(path: Path) -> SandboxAccount:
    return reopened(path, drift="0.015", move=True)


def test_everything_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "state.jsonl"
    before = run(path)
    assert reopened(path).ledger() == before.ledger()
    again = run(path)
    assert [movement["n"] for movement in again.ledger()["movements"]] == [1, 2]
    assert reopened(path).ledger() == again.ledger()


def test_the_file_wins_over_the_options(tmp_path: Path) -> None:
    before = run(tmp_path / "state")
    assert reopened(tmp_path / "state", main="1").ledger() == before.ledger()


@pytest.mark.parametrize("torn", [b'{"event": "mov', b"{", b"\x00\x00\x00", b'{"event": "spend", "token": "sub-\xc3'])
def test_a_half_written_last_line_is_dropped(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "state"
    before = run(path)
    with path.open("ab") as out:
        out.write(torn)
    assert reopened(path).ledger() == before.ledger()
    assert run(path).ledger() == reopened(path).ledger()


def test_a_half_written_first_line_is_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_bytes(b'{"event": "ope')
    assert reopened(path).main_balance == 1000
    assert reopened(path, main="1").main_balance == 1000


@pytest.mark.parametrize("content", [b"dear diary", b'{"event": "opening"}\n', b'{"main": 1}\n'])
def test_somebody_elses_file_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "diary"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is not a state file of the sandbox"):
        reopened(path)
    assert path.read_bytes() == content


def test_a_broken_line_in_the_middle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state"
    run(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"{broken}\n", *lines[1:]]))
    with pytest.raises(ValueError, match="is not a state file"):
        reopened(path)
