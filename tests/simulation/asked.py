"""How often a person is asked, by kind of trouble and by how much the accounts spend: `make asked` writes the table."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.simulation.draw import BOTH, Scenario, draw
from tests.simulation.play import Told, play

SEEDS = 400
FIVE_EUROS = 5000
TABLE = Path(__file__).parents[2] / "docs" / "asked.md"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong, in words, and as the simulation draws it."""

    words: str
    kinds: tuple[str, ...] = ("silence",)
    fault: float = 0.3
    crash: float = 0.0
    lag: float = 0.0
    top_up: float = 0.0


@dataclass(frozen=True, slots=True)
class Spending:
    """What every account spends between any two looks at it, in thousandths."""

    words: str
    least: int
    most: int


TROUBLES = (
    Trouble("nothing was sent (no connection)", ("not-sent",)),
    Trouble("an answer is lost (reset, timeout)"),
    Trouble("an answer is lost, and the movement is applied late", ("late",)),
    Trouble("an answer is not one (5xx, 302, empty, cut, another currency)", ("broken",)),
    Trouble("an answer comes twice", ("twice",)),
    Trouble("a documented refusal (8, 2, 11)", ("refuse",)),
    Trouble("a documented refusal of what was applied", ("refuse-after",)),
    Trouble("an undocumented refusal", ("undocumented",)),
    Trouble("an undocumented refusal of what was applied", ("undocumented-after",)),
    Trouble("a code of 500 and above", ("failed",)),
    Trouble("a code of 500 and above for what was applied", ("failed-after",)),
    Trouble("slow down (429)", ("throttle",)),
    Trouble("slow down for what was applied", ("throttle-after",)),
    Trouble("a 4xx page", ("page",)),
    Trouble("a 4xx page for what was applied", ("page-after",)),
    Trouble("the process is killed", fault=0.0, crash=0.02),
    Trouble("an answer is lost, and readings lag by 20 s", lag=20.0),
    Trouble("an answer is lost, and accounts are topped up meanwhile", top_up=0.05),
)
SPENDINGS = (
    Spending("nothing", 0, 0),
    Spending("4.5 cents", 45, 45),
    Spending("up to €1", 0, 1000),
    Spending("up to €20", 0, 20_000),
)


def scenario_of(seed: int, trouble: Trouble, spending: Spending) -> Scenario:
    """The scenario of a seed with this trouble and no other, for amounts of five euros and more."""
    drawn = draw(seed, least=FIVE_EUROS)
    roughness = replace(
        drawn.roughness,
        fault=trouble.fault,
        question_fault=0.0,
        crash=trouble.crash,
        disk=0.0,
        interrupt=0.0,
        drift=1.0 if spending.most else 0.0,
        drift_least=spending.least,
        drift_most=spending.most,
        top_up=trouble.top_up,
        rival=0.0,
        kinds=trouble.kinds,
        lag=trouble.lag,
        lag_on=BOTH,
        lag_often=1.0,
    )
    return replace(drawn, roughness=roughness, ask_before_resend=False)


def play_all(trouble: Trouble, spending: Spending, seeds: int = SEEDS) -> list[Told]:
    return [play(seed, scenario=scenario_of(seed, trouble, spending)) for seed in range(seeds)]


def _line(trouble: Trouble) -> str:
    told = [play_all(trouble, spending) for spending in SPENDINGS]
    lines = [_row(trouble.words, told, lambda one: one.decided)]
    if any(one.unseen for all_of_them in told for one in all_of_them):
        lines.append(_row("… and neither a person nor an alarm says so", told, lambda one: one.unseen))
    return "\n".join(lines)


def _row(words: str, told: Sequence[Sequence[Told]], count: Callable[[Told], int]) -> str:
    cells = []
    for seeds in told:
        times, counted = sum(one.troubles for one in seeds), sum(map(count, seeds))
        cells.append(f"{1000 * counted / times:.1f}" if counted else "0")
    return f"| {words} | {' | '.join(cells)} |"


def write_table(lines: Sequence[str]) -> None:
    head = " | ".join(spending.words for spending in SPENDINGS)
    text = f"""# How often a person is asked

Of 1,000 times that this goes wrong, so often a person had to decide about a row: in the simulation (`make asked` makes
this table again), {SEEDS} sheets for each figure, amounts of €5 to €90, and every account spending so much between any
two looks at it. All else is settled without anybody.

| what goes wrong | {head} |
|---|{"---:|" * len(SPENDINGS)}
"""
    TABLE.write_text(text + "\n".join(lines) + "\n" + NOTES, encoding="utf-8")


NOTES = """
A person is asked where spending or a top-up is about as large as the amount, so that the balances would look the same
either way; and where the books show what a documented refusal would have moved, which is taken for proof until then.
Spending of the size of the amounts hides that too. Of amounts up to two cents nothing is ever settled by balances,
because answers may be rounded that far.
"""


def main() -> int:
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        lines = list(pool.imap(_line, TROUBLES))
    write_table(lines)
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
