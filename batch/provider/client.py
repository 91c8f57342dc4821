"""The provider's API over HTTP: questions with their repetitions, and movements, which are sent once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Protocol, TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_result,
    stop_after_attempt,
    stop_after_delay,
    wait_exponential,
    wait_random,
)

from batch.errors import ProviderRefused, ProviderUnreachable
from batch.model import Direction, Movement, SubAccount
from batch.money import CENT, encode_amount
from batch.notes import Answer, Applied, Doubt, Exchange, NoAnswer, Note, NotSent, Outcome, Refused, Unproven, make_note
from batch.provider import codes
from batch.provider.http import HttpTransport, MaySend, Pace, choose_pace
from batch.provider.responses import (
    MainAccount,
    NotUnderstoodError,
    Success,
    decode,
    judge_exchange,
    read_main_account,
    read_subaccount_page,
)
from batch.settings import Secret, Settings


class RepeatWatch:
    """Remembers the last success: one that repeats its main balance is its answer, come twice."""

    def __init__(self) -> None:
        self._last_main: Decimal | None = None

    def check(self, outcome: Outcome, movement: Movement) -> Outcome:
        """Return the outcome, or a doubt in its place. An amount that rounding can hide may repeat a balance."""
        if not isinstance(outcome, Applied):
            return outcome
        is_repeated = outcome.main_balance == self._last_main and movement.amount > CENT
        self._last_main = outcome.main_balance
        return Doubt(make_note("answer-repeated")) if is_repeated else outcome


QUESTION_SECONDS = 6.5
"""The longest that a question may take with all its repetitions, so that a check never hangs; what it has to wait for
its turn is not counted.
"""
QUESTION_ATTEMPTS = 3
MAX_SUBACCOUNTS = 200_000
LIST_ATTEMPTS = 3
LIST_SECONDS = 5.0
"""A list that changed under way is not read anew after so long: it would change again."""
_TRY_SECONDS = 2.0
"""A question is not asked again with less time than this left."""
_BACKOFF = wait_exponential(multiplier=0.2, max=1) + wait_random(0, 0.2)
_SHORTEST_SECRET = 6
"""Characters. Anything shorter would be found in harmless words."""
_ANSWER_LIMIT = 64 * 1024
_LIST_LIMIT = 4 * 1024 * 1024


_T = TypeVar("_T")


class Provider(Protocol):
    """What a check and a run need of the provider."""

    def fetch_main_account(self) -> MainAccount:
        """Ask whose key it is, and for the main account's balance."""

    def fetch_subaccounts(self) -> tuple[SubAccount, ...]:
        """Ask for every sub-account with its balance."""

    def fetch_page(self, page: int) -> tuple[SubAccount, ...]:
        """Ask for the sub-accounts of one page of the list."""

    def predict_wait(self) -> float:
        """Predict how many seconds the next call would wait for its turn."""

    def move(self, movement: Movement, may_send: MaySend) -> Outcome:
        """Send the movement, once, if `may_send` says so when the first byte is about to leave.

        What that raises about the ledger is passed on, and nothing has left. What the network or the provider does
        raises nothing.
        """

    def recall(self, code: int | None, words: str) -> Refused:
        """Say what a refusal of which the ledger kept this means."""


@contextmanager
def open_client(settings: Settings, key: Secret) -> Iterator[Client]:
    """Open the provider at the address of the settings, asked with this key, and close it at the end."""
    transport = HttpTransport(
        settings.api_url,
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        pace=Pace(choose_pace(settings.api_url, settings.max_per_second)),
    )
    client = Client(transport, key, answers=settings.api_format)
    try:
        yield client
    finally:
        client.close()


class Client:
    """The provider over HTTP. `answers` is the format asked for: json or xml."""

    def __init__(
        self, transport: HttpTransport, key: Secret, *, answers: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._transport = transport
        self._key = key
        self._format = {"_format": answers} if answers != "json" else {}
        self._sleep = sleep
        self._repeats = RepeatWatch()

    def fetch_main_account(self) -> MainAccount:
        return self._understand(read_main_account, self._ask("/me", self._format, _ANSWER_LIMIT))

    def fetch_page(self, page: int) -> tuple[SubAccount, ...]:
        """Ask for one page of the list, in JSON: no XML form of it is known."""
        return self._fetch_page(page)[1]

    def fetch_subaccounts(self) -> tuple[SubAccount, ...]:
        """Ask page after page, and begin anew when the list changes under way."""
        retrying = Retrying(
            retry=retry_if_result(lambda accounts: accounts is None),
            stop=stop_after_attempt(LIST_ATTEMPTS) | stop_after_delay(LIST_SECONDS),
            sleep=lambda _seconds: None,
            retry_error_callback=lambda _state: None,
        )
        accounts = retrying(self._fetch_list)
        if accounts is None:
            raise ProviderUnreachable(make_note("list-changing"))
        return accounts

    def predict_wait(self) -> float:
        return self._transport.pace.predict_wait()

    def recall(self, code: int | None, words: str) -> Refused:
        return codes.translate(code, words)

    def move(self, movement: Movement, may_send: MaySend) -> Outcome:
        body = {
            "apiKey": self._key.reveal(),
            "credit": encode_amount(movement.amount),
            "tokenSubaccount": movement.token,
        }
        verb = "add" if movement.direction is Direction.ADD else "remove"
        path = f"/subaccount/credit/{verb}"
        exchange = self._transport.post(path, body, may_send, query=self._format, limit=_ANSWER_LIMIT)
        outcome = self._repeats.check(judge_exchange(exchange), movement)
        if isinstance(outcome, Doubt):
            # Whatever may still come on this connection is no answer to what is asked next.
            self._transport.close()
        return self._clean_outcome(outcome)

    def keep_pace(self, chosen: float | None) -> None:
        """Make no more calls a second than chosen, from now on (0: as many as can be); None leaves it as it is."""
        if chosen is not None:
            self._transport.pace = Pace(chosen)

    def close(self) -> None:
        self._transport.close()

    def _fetch_list(self) -> tuple[SubAccount, ...] | None:
        """Fetch the whole list; None if it changed while it was read (a total, or an account on two pages)."""
        total, accounts = self._fetch_page(1)
        if total > MAX_SUBACCOUNTS:
            raise ProviderUnreachable(make_note("list-too-long", number=total))
        found = {account.token: account for account in accounts}
        page, read = 1, len(accounts)
        while len(found) == read < total:
            page += 1
            now, accounts = self._fetch_page(page)
            if now != total or not accounts:
                return None
            read += len(accounts)
            found.update((account.token, account) for account in accounts)
        return tuple(found.values()) if len(found) == read == total else None

    def _fetch_page(self, number: int) -> tuple[int, tuple[SubAccount, ...]]:
        reply = self._ask("/subaccount/list", {"page": str(number)}, _LIST_LIMIT)
        return self._understand(lambda success: read_subaccount_page(success, number), reply)

    def _ask(self, path: str, query: dict[str, str], limit: int) -> Success:
        deadline = time.monotonic() + QUESTION_SECONDS + QUESTION_ATTEMPTS * self._transport.pace.apart
        full = {"apiKey": self._key.reveal(), **query}

        def ask() -> Exchange:
            left = max(0.05, deadline - time.monotonic())
            return self._transport.get(path, query=full, limit=limit, seconds=left)

        def is_last_try(state: RetryCallState) -> bool:
            # Early enough that the wait and the next try still end in time.
            is_late = time.monotonic() + _read_asked_wait(state) + _TRY_SECONDS > deadline
            return is_late or state.attempt_number >= QUESTION_ATTEMPTS

        retrying = Retrying(
            retry=retry_if_result(_may_pass),
            stop=is_last_try,
            wait=lambda state: max(_BACKOFF(state), _read_asked_wait(state)),
            sleep=self._sleep,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        exchange: Exchange = retrying(ask)
        if not isinstance(exchange, Answer):
            raise ProviderUnreachable(make_note("unreachable", why=exchange.reason))
        return self._read_reply(exchange)

    def _read_reply(self, answer: Answer) -> Success:
        address, status = self._transport.address, answer.status
        if _may_pass(answer):
            raise ProviderUnreachable(make_note("unavailable", status=status), retry_after=answer.retry_after)
        try:
            reply = decode(answer)
        except NotUnderstoodError as problem:
            why = make_note("not-the-api", address=address, why=problem.note, status=status)
            raise ProviderUnreachable(why) from problem
        if isinstance(reply, Refused):
            refused = self._hide_key(reply)
            if refused.code == codes.SLOW_DOWN:
                raise ProviderUnreachable(make_note("slow-down"), retry_after=answer.retry_after)
            raise ProviderRefused(_explain_refusal(refused), code=refused.code, words=refused.words)
        if not 200 <= status < 300:
            raise ProviderUnreachable(make_note("wrong-status", address=address, status=status))
        return reply

    def _understand(self, read: Callable[[Success], _T], reply: Success) -> _T:
        try:
            return read(reply)
        except NotUnderstoodError as problem:
            why = make_note("not-usable", address=self._transport.address, why=problem.note)
            raise ProviderUnreachable(why) from problem

    def _clean_outcome(self, outcome: Outcome) -> Outcome:
        match outcome:
            case Refused():
                return self._hide_key(outcome)
            case Unproven(refusal):
                return Unproven(self._hide_key(refusal))
            case Doubt(refusal=Refused() as refusal):
                return replace(outcome, refusal=self._hide_key(refusal))
        return outcome

    def _hide_key(self, refused: Refused) -> Refused:
        """Hide the key, should the words of the refusal repeat it."""
        key = self._key.reveal()
        return replace(refused, words=refused.words.replace(key, "…")) if len(key) >= _SHORTEST_SECRET else refused


def _may_pass(exchange: Exchange) -> bool:
    """Tell whether asking the same question again may get an answer."""
    match exchange:
        case NotSent() | NoAnswer():
            return True
        case Answer(status=status):
            return status == codes.SLOW_DOWN or status >= 500


def _read_asked_wait(state: RetryCallState) -> float:
    """Read the pause that the last answer asked for, in seconds."""
    exchange = state.outcome.result() if state.outcome else None
    return (exchange.retry_after or 0.0) if isinstance(exchange, Answer) else 0.0


def _explain_refusal(refused: Refused) -> Note:
    return make_note(
        "question-refused",
        code=make_note("without-code") if refused.code is None else make_note("with-code", code=refused.code),
        meaning=refused.meaning,
        said=make_note("with-words", words=refused.words) if refused.words else make_note("without-words"),
        hint=make_note("check-key") if refused.code in codes.ABOUT_THE_KEY else make_note("ask-provider"),
    )
