"""How often a person is asked although the balances could have told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulation.draw import Scenario, draw
from tests.simulation.play import play

SEEDS = 300
FIVE_EUROS = 5000
FOUR_AND_A_HALF_CENTS = 45


def scenario(seed: int, *, drifts: bool) -> Scenario:
    """Faults of every kind, no top-up, and amounts of five euros and more."""
    drawn = draw(seed, least=FIVE_EUROS)
    spent = FOUR_AND_A_HALF_CENTS if drifts else 0
    roughness = replace(
        drawn.roughness, fault=0.5, drift=float(drifts), drift_least=spent, drift_most=spent, top_up=0.0
    )
    return replace(drawn, roughness=roughness, ask_before_resend=False)


@pytest.mark.parametrize(("drifts", "least_share"), [(False, 1.0), (True, 0.99)], ids=["quiet", "drift"])
def test_doubts_are_settled_without_a_person(*, drifts: bool, least_share: float) -> None:
    told = [play(seed, scenario=scenario(seed, drifts=drifts)) for seed in range(SEEDS)]
    doubts = sum(one.doubts for one in told)
    decided = sum(one.decided for one in told)
    print(f"{doubts} doubts, {decided} decided by a person: {1 - decided / doubts:.2%} settled alone")
    assert doubts > SEEDS
    assert 1 - decided / doubts >= least_share
