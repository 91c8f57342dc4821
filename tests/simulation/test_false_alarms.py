"""How often a person is asked although the balances could have told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulation.asked import FIVE_EUROS, SPENDINGS, TROUBLES, Spending, play_all
from tests.simulation.draw import HONEST, Scenario, draw
from tests.simulation.play import play

SEEDS = 300
ASKED_EVEN_WHEN_QUIET = {
    "a documented refusal of what was applied",
    "an answer is lost, and accounts are topped up meanwhile",
}


def scenario(seed: int, *, drifts: bool) -> Scenario:
    """Faults of every kind but lies, no top-up, and amounts of five euros and more."""
    drawn = draw(seed, least=FIVE_EUROS)
    spent = SPENDINGS[drifts].least
    roughness = replace(
        drawn.roughness,
        fault=0.5,
        drift=float(drifts),
        drift_least=spent,
        drift_most=spent,
        top_up=0.0,
        kinds=HONEST,
        lag=0.0,
    )
    return replace(drawn, roughness=roughness, ask_before_resend=False)


@pytest.mark.parametrize(("drifts", "least_share"), [(False, 1.0), (True, 0.99)], ids=["quiet", "drift"])
@pytest.mark.slow
def test_doubts_are_settled_without_a_person(*, drifts: bool, least_share: float) -> None:
    told = [play(seed, scenario=scenario(seed, drifts=drifts)) for seed in range(SEEDS)]
    doubts = sum(one.doubts for one in told)
    decided = sum(one.decided for one in told)
    print(f"{doubts} doubts, {decided} decided by a person: {1 - decided / doubts:.2%} settled alone")
    assert doubts > SEEDS
    assert 1 - decided / doubts >= least_share


@pytest.mark.parametrize("words", [trouble.words for trouble in TROUBLES if trouble.words not in ASKED_EVEN_WHEN_QUIET])
@pytest.mark.parametrize(
    "spending", [pytest.param(SPENDINGS[0], marks=pytest.mark.slow, id="quiet"), pytest.param(SPENDINGS[1], id="drift")]
)
def test_whatever_goes_wrong_nobody_is_asked_while_accounts_spend_cents(words: str, spending: Spending) -> None:
    """As `make asked` measures it on more seeds."""
    [trouble] = [each for each in TROUBLES if each.words == words]
    told = play_all(trouble, spending, 60)
    assert sum(one.troubles for one in told) > 20
    assert sum(one.decided for one in told) == 0
