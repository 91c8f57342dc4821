from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from batch.sandbox.account import Account, Direction, Opening
from batch.sandbox.state import StateFile

OPENING = Opening(Decimal("1000"), {"sub-é": Decimal("5")})


def run(path: Path, opening: Opening = OPENING) -> Account:
    """An account after an add, a drift and a top-up; the file is let go of as a kill would."""
    file = StateFile(path)
    account = file.open_account(opening, Decimal("0.015"))
    account.move(Direction.ADD, "10.5", "sub-é")
    account.top_up(Decimal(3))
    file.close()
    return account


def reopened(path: Path, opening: Opening = OPENING) -> Account:
    file = StateFile(path)
    account = file.open_account(opening, Decimal(0))
    file.close()
    return account


def test_everything_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "state.jsonl"
    before = run(path)
    assert reopened(path).snapshot() == before.snapshot()
    again = run(path)
    assert [movement.n for movement in again.snapshot().movements] == [1, 2]
    assert reopened(path).snapshot() == again.snapshot()


def test_the_file_wins_over_the_options(tmp_path: Path) -> None:
    before = run(tmp_path / "state")
    assert reopened(tmp_path / "state", Opening(Decimal(1), {"x": Decimal(2)})).snapshot() == before.snapshot()


@pytest.mark.parametrize("torn", [b'{"event": "mov', b"{", b"\x00\x00\x00", b'{"event": "spend", "token": "sub-\xc3'])
def test_a_half_written_last_line_is_dropped(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "state"
    before = run(path)
    with path.open("ab") as out:
        out.write(torn)
    assert reopened(path).snapshot() == before.snapshot()
    assert run(path).snapshot() == reopened(path).snapshot()


def test_a_half_written_first_line_is_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_bytes(b'{"event": "ope')
    assert reopened(path).main_balance == 1000
    assert reopened(path, Opening(Decimal(1), {})).main_balance == 1000


def test_a_whole_last_line_counts_though_its_end_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "state"
    before = run(path)
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert reopened(path).snapshot() == before.snapshot()
    assert run(path).snapshot() == reopened(path).snapshot()


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
