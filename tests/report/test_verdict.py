from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from batch.findings import Finding
from batch.i18n import Language, use_language
from batch.model import Balances, BatchState, BatchView, RowResult, Status
from batch.notes import make_note
from batch.planning.plan import Forecast, compute_forecast, make_plan
from batch.report.summary_sheet import list_remarks
from batch.report.verdict import Contents, Mood, Verdict, judge, judge_contents, tell_next_steps
from batch.settings import Choices, Tolerance, write_choices
from tests.report.views import DONE, INVALID, PENDING, REFUSED, UNKNOWN, balances, checked, dry_run_of, row, view_of

TITLES = ["token", "amount", "direction"]


def of(view: BatchView, foreseen: Forecast | None = None) -> Verdict:
    return judge_contents(Contents(view, foreseen))


def finished(results: Sequence[RowResult], opening: Balances | None, closing: Balances | None) -> Verdict:
    return of(view_of(results, opening=opening, closing=closing))


def subaccount(main: str, sub: str) -> Balances:
    return balances(main, **{"0001a": sub})


def test_all_done_and_balanced() -> None:
    found = finished([DONE, DONE], subaccount("500", "1"), subaccount("400", "101"))
    assert found == Verdict("All 2 rows were done, and the books balance.", Mood.GOOD)


@pytest.mark.parametrize(
    ("main", "sub", "less"), [("399.68", "101", "€0.32"), ("400", "100.9", "€0.10"), ("395", "96", "€10.00")]
)
def test_a_little_less_than_expected_is_a_figure_and_no_worry(main: str, sub: str, less: str) -> None:
    found = finished([DONE, DONE], subaccount("500", "1"), subaccount(main, sub))
    sentence = f"All 2 rows were done; the accounts hold {less} less than expected together, each within the tolerance."
    assert found == Verdict(sentence, Mood.GOOD)


@pytest.mark.parametrize(
    ("main", "sub", "who"),
    [
        ("394.99", "101", "the main account holds €5.01 less"),
        ("400", "95.99", "0001a holds €5.01 less"),
        ("390", "90", "the main account holds €10.00 less and 0001a holds €11.00 less"),
    ],
)
def test_more_than_the_tolerance_less_is_amber_on_each_account_by_itself(main: str, sub: str, who: str) -> None:
    found = finished([DONE, DONE], subaccount("500", "1"), subaccount(main, sub))
    assert found == Verdict(f"All 2 rows were done; {who} than expected, unexplained.", Mood.ATTENTION)


def test_the_tolerance_is_the_larger_of_both_and_the_one_that_the_batch_was_accepted_with() -> None:
    view = view_of([DONE, DONE], opening=subaccount("2100", "1"), closing=subaccount("1981", "101"))
    assert of(view).mood is Mood.GOOD
    view = view_of([DONE, DONE], opening=subaccount("2100", "1"), closing=subaccount("1979.99", "101"))
    assert of(view).mood is Mood.ATTENTION
    for euros, percent, mood in (("20", "1", Mood.ATTENTION), ("20.01", "0", Mood.GOOD), ("0", "1.1", Mood.GOOD)):
        options = write_choices(Choices(tolerance=Tolerance(Decimal(euros), Decimal(percent))))
        assert of(replace(view, head=replace(view.head, options=options))).mood is mood


def test_an_alarm_is_told_although_another_account_could_not_be_read() -> None:
    rows = [row(2), row(3, token="b")]
    view = view_of([DONE, DONE], rows, opening=subaccount("500", "1"), closing=subaccount("400", "60"))
    assert "ALARM: 0001a holds €9.00 more" in of(view).sentence


def test_an_account_that_is_not_there_leaves_the_books_of_the_others() -> None:
    rows = [row(2), row(3, token="nobody")]
    view = view_of([DONE, REFUSED], rows, opening=subaccount("500", "1"), closing=subaccount("449", "51"))
    assert "the accounts hold €1.00 less than expected together" in of(view).sentence


@pytest.mark.parametrize(
    ("main", "sub", "who"), [("405", "101", "the main account holds €5.00"), ("400", "106", "0001a holds €5.00")]
)
def test_an_account_richer_than_it_can_be_is_an_alarm(main: str, sub: str, who: str) -> None:
    found = finished([DONE, DONE], subaccount("500", "1"), subaccount(main, sub))
    assert found.sentence == f"All 2 rows were done; ALARM: {who} more than the movements explain, so look into it."
    assert found.mood is Mood.BAD


def test_a_fraction_of_a_cent_is_rounding() -> None:
    assert finished([DONE, DONE], subaccount("500", "1"), subaccount("400.005", "101")).mood is Mood.GOOD


def test_books_that_could_not_be_read_are_not_said_to_balance() -> None:
    found = finished([DONE], subaccount("500", "1"), balances("450"))
    assert found.mood is Mood.ATTENTION
    assert found.sentence.startswith("The only row was done; whether the books balance is not known")


def test_refused_and_invalid_rows_are_counted() -> None:
    found = finished([DONE, REFUSED, REFUSED, INVALID], subaccount("500", "1"), subaccount("450", "51"))
    assert found == Verdict(
        "Finished: 1 of 4 rows was done, 2 were refused and 1 is invalid, and the books balance.", Mood.ATTENTION
    )


def test_finished_with_a_row_in_doubt_is_bad() -> None:
    assert finished([DONE, UNKNOWN], None, None).mood is Mood.BAD


def test_finished_without_rows() -> None:
    assert of(view_of([])).sentence == "Finished: the sheet has no rows, and nothing has moved."


def test_rows_to_correct_are_looked_for_on_their_sheet() -> None:
    view = view_of([DONE, REFUSED])
    assert tell_next_steps(view) == "What is to be corrected stands on the sheet “To fix”."
    assert tell_next_steps(view_of([DONE])) == ""


def test_stopped_says_why_and_how_to_go_on() -> None:
    view = view_of([DONE, PENDING, PENDING], state=BatchState.STOPPED, reason="Interrupted\nby Ctrl-C.")
    assert of(view) == Verdict(
        "Stopped before the end: 1 of 3 rows was done and 2 can still be sent; nothing is lost, and it can go on.",
        Mood.BAD,
        "Interrupted by Ctrl-C.",
    )
    assert tell_next_steps(view) == "Go on with “creditbatch resume 2026-03-a7f3”."


def test_a_reason_that_is_a_sentence_stays_one_in_both_languages() -> None:
    reason = "The provider refuses the whole account with code 20: sub-account unknown (it says “no”)."
    view = view_of([DONE, PENDING], state=BatchState.STOPPED, reason=reason)
    assert of(view).in_full.endswith(f"it can go on. Reason: {reason}")
    with use_language(Language.FRENCH):
        french = of(view).in_full
    assert french.startswith(
        "Arrêté avant la fin\u00a0: 1 ligne sur 2 a été effectuée et 1 peut encore être envoyée\u202f; "
    )
    assert " Motif\u00a0: Le fournisseur refuse" in french


RUNNING, STOPPED, FINISHED = BatchState.RUNNING, BatchState.STOPPED, BatchState.FINISHED


@pytest.mark.parametrize(
    ("state", "rows", "english", "french"),
    [
        (RUNNING, {"done": 1, "pending": 13}, "1 of 14 rows was done", "1 ligne sur 14 a été effectuée"),
        (RUNNING, {"done": 2, "pending": 12}, "2 of 14 rows were done", "2 lignes sur 14 ont été effectuées"),
        (
            RUNNING,
            {"done": 2, "unknown": 1, "pending": 11},
            "done, 1 is under way and 11 can still be sent",
            "1 est en cours et 11 peuvent encore être envoyées",
        ),
        (RUNNING, {"unknown": 1}, "the only row is under way", "la seule ligne est en cours"),
        (RUNNING, {"pending": 14}, "0 of 14 rows were done", "0 ligne sur 14 a été effectuée"),
        (STOPPED, {"pending": 1}, "the only row can still be sent", "la seule ligne peut encore être envoyée"),
        (FINISHED, {"done": 1}, "The only row was done", "La seule ligne a été effectuée"),
        (FINISHED, {"refused": 1}, "Finished: the only row was refused", "la seule ligne a été refusée"),
        (FINISHED, {"invalid": 1}, "Finished: the only row is invalid", "la seule ligne est invalide"),
        (FINISHED, {"unknown": 1}, "Finished: of the only row it is not known whether", "de la seule ligne a été"),
        (FINISHED, {"pending": 1}, "Finished: the only row was not sent", "la seule ligne n’a pas été envoyée"),
        (STOPPED, {"done": 1, "unknown": 2}, "of 2 it is not known whether", "1 ligne sur 3 a été effectuée"),
    ],
)
def test_rows_are_counted_in_each_language(state: BatchState, rows: dict[str, int], english: str, french: str) -> None:
    head = replace(view_of([]).head, state=state)
    counted = {status: rows.get(status.value, 0) for status in Status}
    for language, words in ((Language.ENGLISH, english), (Language.FRENCH, french)):
        with use_language(language):
            assert words in judge(head, counted, None, awaits_person=True).sentence


def test_stopped_in_doubt_before_the_balances_were_asked_says_to_resume() -> None:
    view = view_of([DONE, UNKNOWN, PENDING], state=BatchState.STOPPED)
    assert of(view).sentence.endswith("1 can still be sent; resuming finds out about what is in doubt.")
    with use_language(Language.FRENCH):
        assert of(view).sentence.endswith("la reprise établira ce qui est incertain.")
    assert tell_next_steps(view) == "Go on with “creditbatch resume 2026-03-a7f3”."
    said = list_remarks(Contents(view_of([DONE, UNKNOWN], state=BatchState.STOPPED), None))
    assert "Of 1 row (€50.00) it is not known yet whether the credit moved: resuming the batch finds out." in said


def test_stopped_in_doubt_says_to_decide_first() -> None:
    untold = replace(UNKNOWN, note=make_note("untold"))
    view = view_of([DONE, untold, PENDING], state=BatchState.STOPPED)
    said = list_remarks(Contents(view_of([DONE, untold], state=BatchState.STOPPED), None))
    assert "Of 1 row (€50.00) it is not known whether the credit moved: a person must decide." in said
    assert "of 1 it is not known whether the credit moved and 1 can still be sent" in of(view).sentence
    assert of(view).sentence.endswith("a person must decide on what is in doubt.")
    assert "“creditbatch resolve 2026-03-a7f3 3” shows the evidence of row 3" in tell_next_steps(view)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (BatchState.RUNNING, Verdict("Under way: the only row can still be sent.", Mood.OPEN)),
        (BatchState.APPROVED, Verdict("Approved, but not started: nothing has moved.", Mood.OPEN)),
        (BatchState.CHECKED, Verdict("Waiting for approval: nothing has moved.", Mood.OPEN)),
        (BatchState.REJECTED, Verdict("Rejected: nothing has moved.", Mood.ATTENTION, "wrong month.")),
    ],
)
def test_other_states(state: BatchState, expected: Verdict) -> None:
    assert of(view_of([PENDING], state=state, reason="wrong month")) == expected


def dry(rows: Sequence[Sequence[str]], main: str | None) -> str:
    sheet = checked([TITLES, *rows])
    foreseen = (
        None if main is None else compute_forecast(make_plan(sheet), Decimal(main), {"a": Decimal(0), "b": Decimal(9)})
    )
    found = of(dry_run_of(sheet), foreseen)
    assert found.mood is Mood.DRY_RUN
    assert found.sentence.startswith("Dry run, nothing has moved: ")
    return found.sentence.removeprefix("Dry run, nothing has moved: ")


GOOD, OTHER, BAD = ["a", "5", "add"], ["a", "6", "add"], ["a", "?", "add"]
TAKEN_BACK = ["b", "5", "remove"]


@pytest.mark.parametrize(
    ("rows", "main", "sentence"),
    [
        ([GOOD, OTHER], "100", "all 2 rows would be done and leave €89.00 on the main account."),
        ([GOOD], "100", "the only row would be done and leave €95.00 on the main account."),
        (
            [GOOD, BAD],
            "100",
            "1 of 2 rows has an error and cannot be sent; "
            "the other row would be done and leave €95.00 on the main account.",
        ),
        ([GOOD, OTHER], "6", "1 of 2 rows would be refused, and the main account lacks €5.00 for every add to pass."),
        (
            [OTHER, TAKEN_BACK],
            "4",
            "1 of 2 rows would be refused, and the main account lacks €2.00 for every add to pass "
            "(sending the removes first would help).",
        ),
        ([["z", "1", "add"]], "6", "the only row would be refused."),
        (
            [GOOD, OTHER],
            None,
            "all 2 rows can be read, but the provider was not asked whether the accounts and the credit suffice.",
        ),
        ([BAD, BAD], "100", "no row can be sent, because every row has an error."),
    ],
)
def test_dry_run(rows: list[list[str]], main: str | None, sentence: str) -> None:
    assert dry(rows, main) == sentence


def test_dry_run_of_a_sheet_that_cannot_be_run() -> None:
    view = view_of([], batch=None, state=BatchState.CHECKED, findings=(Finding("sheet-empty"),))
    assert "cannot be run because of 1 error in the sheet as a whole" in of(view).sentence
    assert "the sheet has no rows" in of(view_of([], batch=None, state=BatchState.CHECKED)).sentence
