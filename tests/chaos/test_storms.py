"""Thirty storms: no row is paid twice, and every claim is true. `make chaos` has as many as wanted, all in full."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.chaos.storm import storm

RUNS = 30
QUICK = 2
"""So many of them with every change; the others are slow tests."""
IN_FULL = 5
"""Every so many storms start the command in full, which takes longer than everything that happens in it."""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(
    "seed", [*range(QUICK), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(QUICK, RUNS))]
)
def test_no_row_is_paid_twice_and_every_claim_is_true(seed: int, tmp_path: Path) -> None:
    storm(seed, tmp_path, in_full=seed % IN_FULL == 2)
