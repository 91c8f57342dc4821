"""What a seed draws: the accounts, the sheet, and how rough the world is."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from batch.frames import CheckedSheet, Grid, make_frame
from batch.model import Cell, Direction
from batch.money import from_thousandths
from batch.validation.check_sheet import Expected, check_sheet
from tests.builders import HEADER, SOURCE

SETTLE_SECONDS = 60.0
READ_TIMEOUT = 30.0
HONEST = ("not-sent", "throttle", "silence", "late", "broken", "broken", "refuse", "stop", "page", "twice")
"""What a server that does not lie may do to a movement."""
LIES = ("refuse-after", "undocumented-after", "failed-after", "throttle-after", "page-after")
"""What says that nothing was applied, although it was."""
BOTH = ("me", "list")
BOUND = 150
"""Far more resumes than any batch needs: whoever reaches it is not making progress."""


@dataclass(frozen=True, slots=True)
class Roughness:
    """How likely each trouble is, per occasion."""

    fault: float
    question_fault: float
    crash: float
    disk: float
    interrupt: float
    drift: float
    drift_least: int
    drift_most: int
    """Thousandths that an account spends when it spends, at least and at most."""
    top_up: float
    rounds_to_cents: bool
    rival: float
    kinds: tuple[str, ...]
    """The faults that a movement may meet, each as likely as the others; one may be there more than once."""
    lag: float
    """Seconds that a reading may be old."""
    lag_on: tuple[str, ...]
    """What lags: `me`, `list` or both."""
    lag_often: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """A sheet, the balances it starts from (thousandths), and a world."""

    seed: int
    main: int
    subaccounts: dict[str, int]
    sheet: CheckedSheet
    removes_first: bool
    roughness: Roughness
    ask_before_resend: bool


ALIKE = 5000
AMOUNTS = (5, 20, 21, 30, 1000, 5000, 12_500)
"""Thousandths: around the two cents that are never settled, and ordinary ones."""


def draw(seed: int, *, least: int = 1, alike: bool = False) -> Scenario:
    """The scenario of a seed; the same seed always gives the same. No amount is below `least` thousandths.

    `alike`: every row asks for the same, which makes the most of whatever takes one for another.
    """
    rng = random.Random(seed)
    lying = random.Random(seed * 7 + 3)
    tokens = [f"sub-{number}" for number in range(1, rng.randint(2, 5))]
    subaccounts = {token: rng.choice([0, 50, 100_000, rng.randrange(300_000)]) for token in tokens}
    rows = [_row(rng, tokens, least) for _ in range(rng.randint(1, 8))]
    if alike:
        rows = [[tokens[0], from_thousandths(ALIKE), Direction.ADD.value] for _ in rows]
    sheet = check_sheet(Grid(SOURCE, make_frame([list(HEADER), *rows])), frozenset(tokens), Expected())
    return Scenario(
        seed=seed,
        main=rng.choice([0, 20_000, 1_000_000, rng.randrange(200_000)]),
        subaccounts=subaccounts,
        sheet=sheet,
        removes_first=rng.random() < 0.3,
        roughness=_with_lies(_roughness(rng), lying),
        ask_before_resend=rng.random() < 0.1,
    )


def _row(rng: random.Random, tokens: list[str], least: int) -> list[Cell]:
    direction = rng.choice(list(Direction))
    amount: Cell = from_thousandths(max(least, rng.choice([*AMOUNTS, rng.randint(1, 90_000)])))
    if rng.random() < 0.05:
        amount = "?"
    token = rng.choice(tokens) if rng.random() < 0.97 else "nobody"
    return [token, amount, direction.value]


def _roughness(rng: random.Random) -> Roughness:
    quiet = rng.random() < 0.4
    return Roughness(
        fault=rng.choice([0.0, 0.1, 0.3, 0.7]),
        question_fault=rng.choice([0.0, 0.05, 0.3]),
        crash=rng.choice([0.0, 0.0, 0.02, 0.1]),
        disk=rng.choice([0.0, 0.0, 0.0, 0.03]),
        interrupt=rng.choice([0.0, 0.0, 0.03]),
        drift=0.0 if quiet else rng.choice([0.1, 0.5, 1.0]),
        drift_least=0,
        drift_most=rng.choice([45, 45, 1000, 20_000]),
        top_up=0.0 if quiet else rng.choice([0.0, 0.02, 0.1]),
        rounds_to_cents=rng.random() < 0.4,
        rival=rng.choice([0.0, 0.0, 0.1]),
        kinds=HONEST,
        lag=0.0,
        lag_on=(),
        lag_often=0.0,
    )


def _with_lies(roughness: Roughness, rng: random.Random) -> Roughness:
    """In half of the worlds answers are no proof, in a third readings lag."""
    return replace(
        roughness,
        kinds=HONEST if rng.random() < 0.5 else (*HONEST, *LIES),
        lag=rng.choice([0.0, 0.0, rng.choice([0.4, 3.0, 20.0, 50.0])]),
        lag_on=rng.choice([("me",), ("list",), BOTH]),
        lag_often=rng.choice([0.5, 1.0]),
    )
