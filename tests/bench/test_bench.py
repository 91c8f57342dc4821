"""Every script of the bench still measures what it says, with hardly any rows."""

from __future__ import annotations

import pytest

from bench import growth
from bench.__main__ import QUESTIONS, ask
from bench.measuring import Effort, Failed, Measure, turn_about
from bench.results import Answer, compared, limited, skipped, table

TINY = Effort(repeats=1, scale=0.004)


@pytest.mark.slow
@pytest.mark.parametrize("question", [question for question in QUESTIONS if question not in {"newman", "simulation"}])
def test_a_script_answers_its_question(question: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "SIZES", growth.SIZES[:2])
    answers = ask(question, TINY)
    assert answers
    assert not [answer for answer in answers if "NOT MEASURED" in answer.figures]


def test_without_npm_it_is_said_aloud_that_newman_was_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    (answer,) = ask("newman", TINY)
    assert (answer.reached, answer.figures) == (False, "NOT MEASURED: npm is not installed")


def test_contenders_take_turns_and_their_medians_count() -> None:
    seen: list[str] = []
    figures = {"a": iter([9.0, 1.0, 2.0]), "b": iter([5.0, 5.0, 5.0])}

    def contender(name: str) -> Measure:
        seen.append(name)
        return Measure(next(figures[name]))

    taken = turn_about(3, a=lambda: contender("a"), b=lambda: contender("b"))
    assert seen == ["a", "b"] * 3
    assert (taken["a"].seconds, taken["b"].seconds) == (2.0, 5.0)


def test_an_exponent_is_the_power_by_which_something_grows() -> None:
    sizes = (10, 100, 1000)
    assert growth.exponent(sizes, [3.0 * size for size in sizes]) == pytest.approx(1)
    assert growth.exponent(sizes, [size**2 / 7 for size in sizes]) == pytest.approx(2)


def test_what_failed_is_not_called_reached() -> None:
    assert "no" in table([skipped("calls", str(Failed("exit code 2")))])


def test_a_line_without_a_target_is_neither_reached_nor_missed() -> None:
    assert Answer("the simulation", "", "", None, "900 seeds a second").cells[3] == "–"


@pytest.mark.parametrize(("seconds", "word"), [(1.8, "yes"), (1.9, "no"), (3.5, "no"), (3.6, "ALARM")])
def test_twice_the_figure_is_an_alarm(seconds: float, word: str) -> None:
    assert compared("calls", seconds, 1.0, 1.8, "").cells[3] == word
    assert limited("calls", seconds, 1.8, "s").cells[3] == word
