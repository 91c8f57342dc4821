"""Two thousand seeds, and every planted fault is found."""

from __future__ import annotations

import pytest

from tests import ledger_in_memory
from tests.simulation.month import play_month
from tests.simulation.planted import PLANTED, PLANTED_AT_THE_EDGES, Unlocked
from tests.simulation.play import Violation, play

SEEDS = 2000
PIECES = 16
PIECE = [pytest.param(piece, marks=[pytest.mark.slow] * (piece >= 2)) for piece in range(PIECES)]
MONTHS = 1600
MONTH_PIECES = 32
MONTH_PIECE = [pytest.param(piece, marks=[pytest.mark.slow] * (piece > 0)) for piece in range(MONTH_PIECES)]


@pytest.mark.parametrize("piece", PIECE)
def test_every_claim_is_true_whatever_fails(piece: int) -> None:
    size = SEEDS // PIECES
    deceived = sum(play(seed).deceived for seed in range(piece * size, (piece + 1) * size))
    assert deceived < size / 10, "too many seeds are set aside to prove anything"


FOUND_LATE = {
    "a person decides before the balances do", "a process that slept sends all the same",
    "another batch begins before one has ended", "rises are not looked for before a resumption",
    "the books put nothing in doubt", "what books put in doubt is settled by its attempt",
}  # fmt: skip
"""Faults that show only after dozens of seeds and more."""


def test_a_seed_tells_the_same_story_every_time() -> None:
    assert play(66).story == play(66).story


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in FOUND_LATE)) for name in PLANTED]
)
def test_a_planted_fault_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = PLANTED[name]
    # The ledger by itself refuses what some of them do: that second net is taken away to see the first one tear.
    monkeypatch.setattr(ledger_in_memory, "can_follow", lambda _result, _fact: True)
    planted.patch(monkeypatch)
    for seed in range(planted.within):
        try:
            play(seed, scenario=planted.scenario(seed), ledger=planted.ledger())
        except Violation:
            return
    pytest.fail(f"“{name}” went unnoticed for {planted.within} seeds")


@pytest.mark.parametrize("piece", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)])
def test_the_ledger_lets_no_row_be_sent_twice_even_where_the_lock_fails(piece: int) -> None:
    for seed in range(piece * 50, piece * 50 + 50):
        play(seed, ledger=Unlocked())


@pytest.mark.parametrize("piece", MONTH_PIECE)
def test_a_month_s_list_is_paid_once_or_it_was_said(piece: int) -> None:
    size = MONTHS // MONTH_PIECES
    for seed in range(piece * size, (piece + 1) * size):
        play_month(seed)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in FOUND_LATE)) for name in PLANTED_AT_THE_EDGES]
)
def test_a_fault_planted_at_the_edges_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_in_memory, "can_follow", lambda _result, _fact: True)
    PLANTED_AT_THE_EDGES[name](monkeypatch)
    for seed in range(MONTHS):
        try:
            play_month(seed)
        except Violation:
            return
    pytest.fail(f"“{name}” went unnoticed for {MONTHS} seeds")
