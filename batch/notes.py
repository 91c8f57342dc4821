"""Say what happened as codes with parameters, and what an answer of the provider comes to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from batch.i18n import N_, _, format_number

SENTENCES: Mapping[str, str] = {
    # What came of an exchange (batch/provider).
    "address-unusable": N_("the address, or the proxy that the environment names, cannot be used"),
    "host-unknown": N_("the host name is not known"),
    "proxy-unreachable": N_("the proxy cannot be reached, or refuses"),
    "certificate-invalid": N_("the server's certificate is not valid"),
    "not-secure": N_("no secure connection could be made"),
    "connection-refused": N_("the connection was refused"),
    "connection-closed": N_("the connection was closed without an answer"),
    "connection-slow": N_("the connection took too long"),
    "connection-failed": N_("the connection failed"),
    "server-speaks-first": N_("the server sends before it is asked, or closes"),
    "held-too-long-ago": N_("it took too long to make sure that the account is still held"),
    "answer-late": N_("no answer came in time"),
    "answer-cut-short": N_("the answer was cut short"),
    "answer-too-long": N_("the answer was too long"),
    "answer-not-decodable": N_("the answer could not be decoded"),
    "answer-not-http": N_("the answer was not HTTP"),
    # What an answer says (batch/provider/responses.py).
    "answer-status": N_("the answer had HTTP status {status}"),
    "success-with-status": N_("a success with HTTP status {status}"),
    "answer-empty": N_("the answer was empty"),
    "answer-not-json": N_("the answer was not readable JSON with fields"),
    "answer-not-xml": N_("the answer was not readable XML"),
    "answer-other-xml": N_("the answer was XML, but not the API's"),
    "answer-undecided": N_("the answer says neither success nor refusal"),
    "answer-nested": N_("an entry of the answer holds others instead of a text"),
    "answer-incomplete": N_("the answer has not the five entries of a success"),
    "success-with-other-code": N_("the answer says success with a code other than 200"),
    "refusal-with-success-code": N_("the answer says refusal with the code of a success"),
    "refusal-without-code": N_("the answer says refusal without a code that is one"),
    "no-credits": N_("the answer has no credits"),
    "two-balances": N_("the answer gives two balances"),
    "no-balance": N_("the answer has no balance"),
    "no-list": N_("the answer has no list of sub-accounts"),
    "no-total": N_("the answer does not say how many sub-accounts there are"),
    "subaccount-incomplete": N_("a sub-account in the answer has no token or no credits"),
    "account-incomplete": N_("the answer has not the entries of an account"),
    "balance-not-a-number": N_("a balance in the answer is not a number"),
    "not-euros": N_("the answer is not in euros"),
    "answer-repeated": N_("the answer is that of the movement before"),
    "asked-to-slow-down": N_("the provider asks to slow down"),
    "provider-failed": N_("the provider says that it failed, with code {code}"),
    "blocked": N_("something between this computer and the provider refuses (HTTP status {status})"),
    "refused-undocumented": N_("The provider refused in a way that it does not document"),
    # What a question came to.
    "unreachable": N_("The provider cannot be reached: {why}; nothing was moved."),
    "unavailable": N_("The provider answers with HTTP status {status}: try again later; nothing was moved."),
    "slow-down": N_("The provider asks to slow down: try again later; nothing was moved."),
    "not-the-api": N_(
        "The address {address} does not answer as the provider's API does ({why}, HTTP status {status}): "
        "check CREDITBATCH_API_URL; nothing was moved."
    ),
    "wrong-status": N_(
        "The address {address} answers with HTTP status {status}: check CREDITBATCH_API_URL; nothing was moved."
    ),
    "not-usable": N_("The answer of {address} is not usable: {why}; nothing was moved."),
    "question-refused": N_("The provider refused ({code}: {meaning}; {said}): {hint}; nothing was moved."),
    "without-code": N_("no code"),
    "with-code": N_("code {code}"),
    "without-words": N_("without a message"),
    "with-words": N_("it says “{words}”"),
    "check-key": N_("check the API key"),
    "ask-provider": N_("ask the provider"),
    "list-changing": N_(
        "The provider's list of sub-accounts keeps changing while it is read: try again; nothing was moved."
    ),
    "subaccount-gone": N_("The provider's list no longer holds the sub-account {token}."),
    "list-too-long": N_(
        "The provider says that there are {number} sub-accounts, more than there can be: ask the provider."
    ),
    "said": "{words}",  # a person's or the provider's own words
    # What a code of the provider means (batch/provider/codes.py).
    "key-missing": N_("The API key is required"),
    "amount-missing": N_("The amount is required"),
    "subaccount-missing": N_("The sub-account is required"),
    "not-authorised": N_("This account is not authorised"),
    "amount-not-positive": N_("The amount must be greater than 0"),
    "main-account-empty": N_("The main account's balance must be greater than 0"),
    "subaccount-unknown": N_("The sub-account does not exist"),
    "no-credit": N_("Not enough credit"),
    "key-wrong": N_("The API key is wrong"),
    "account-disabled": N_("The account is disabled"),
    "account-blocked": N_("The account is blocked"),
    "access-denied": N_("Access to the API is denied"),
    "request-unreadable": N_("The provider could not read the request"),
    "ip-not-authorised": N_("This computer's IP address is not authorised"),
    "done": N_("Done"),
    "provider-in-trouble": N_("The provider has an internal problem"),
    "no-code": N_("Refused without a code"),
    "code-unknown": N_("Code {code}, which the provider does not document"),
    "account-refused": "{meaning}",  # every further row would be refused as well
    # What became of a row (batch/runner, batch/ledger/projection.py).
    "under-way": N_("An attempt was begun and its outcome is not recorded"),
    "untold": N_("The balances do not tell whether it was applied"),
    "settled-applied": N_("Settled by the balances: it was applied"),
    "settled-missing": N_("Settled by the balances: it was not applied"),
    "seen-missing": N_("By one look at the balances it was not applied"),
    "changed-elsewhere": N_(
        "Its sub-account’s balance changed since the ledger last knew it, by about what this row moves"
    ),
    "books-doubt": N_("The books do not balance by about what this row moves, as if it had been applied"),
    "decided-applied": N_("{who} decided that it was applied: {reason}"),
    "decided-missing": N_("{who} decided that it was not applied: {reason}"),
    # Why a run stopped, waits or was closed (batch/runner).
    "closed-by-correction": N_("What it had not sent is sent from a corrected sheet, so it was closed."),
    "interrupted": N_("It was interrupted."),
    "account-stopped": N_("The provider refuses the whole account with code {code}: {meaning}."),
    "account-stopped-saying": N_(
        "The provider refuses the whole account with code {code}: {meaning} (it says “{words}”)."
    ),
    "undocumented": N_("The provider refused {count} rows in a row in a way that it does not document: {meaning}."),
    "undocumented-saying": N_(
        "The provider refused {count} rows in a row in a way that it does not document: {meaning} (it says “{words}”)."
    ),
    "row-not-sent": N_("Row {row} could not be sent: {why}."),
    "row-never-applied": N_("Row {row} was never applied, however often it was sent ({times})."),
    "row-to-agree": N_("Row {row} was not applied by the balances, and a person must agree to send it again."),
    "row-unknown": N_("Whether row {row} was applied is unknown: {why}."),
    "balances-silent": N_("the balances do not tell"),
    "books-differ": N_("the books do not balance by about what it moves"),
    "row-unread": N_("Whether row {row} was applied is unknown, because the balances cannot be read. {why}"),
    "balances-unread": N_("The balances cannot be read. {why}"),
    "paid-elsewhere": N_(
        "Balances changed by what rows would move ({rows}), as if these had been applied without this ledger: "
        "a person must decide."
    ),
    "waiting-for-balances": N_("the balances cannot be read"),
    "settling": N_("row {row} is being settled"),
    "confirming": N_("undocumented refusals are being confirmed by the balances"),
    "reading-again": N_("the balances are read once more"),
    "closing-unread": N_("the closing balances cannot be read: {why}"),
    "risen-elsewhere": N_("sub-account {token} holds {amount} more than the ledger last knew, from elsewhere"),
}


UNWORDED = frozenset({"said", "account-refused"})
"""The codes whose sentence is all filled in, with somebody's own words or another note."""
_COUNTS = frozenset({"number", "count", "times"})
"""Parameters that are counts, and not numbers that name something."""


@dataclass(frozen=True, slots=True)
class Note:
    """A code of `SENTENCES`, and what its sentence is filled in with: texts, whole numbers and other notes."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.code, dump_note(self)))


def make_note(code: str, /, **params: str | int | Note | None) -> Note:
    return Note(code, params)


def tell(told: Note | None) -> str:
    """Tell a note in the language in force; nothing where there is none."""
    if told is None:
        return ""
    params = {name: _format_param(name, value) for name, value in told.params.items()}
    sentence = SENTENCES[told.code]
    return (sentence if told.code in UNWORDED else _(sentence)).format_map(params)


def _format_param(name: str, value: Any) -> Any:
    if isinstance(value, Note):
        return tell(value)
    return format_number(value) if name in _COUNTS and isinstance(value, int) else value


def encode_note(told: Note) -> dict[str, Any]:
    """Turn the note into JSON types."""
    params = {name: encode_note(value) if isinstance(value, Note) else value for name, value in told.params.items()}
    return {"code": told.code, "params": params} if params else {"code": told.code}


def dump_note(told: Note | None) -> str | None:
    """Write the note as a database keeps it: the same note is always the same text."""
    return None if told is None else json.dumps(encode_note(told), sort_keys=True, ensure_ascii=False)


def decode_note(plain: Mapping[str, Any]) -> Note:
    """Make the note again that was turned into JSON types."""
    params = {
        name: decode_note(value) if isinstance(value, Mapping) else value
        for name, value in plain.get("params", {}).items()
    }
    return Note(str(plain["code"]), params)


def load_note(text: str | None) -> Note | None:
    """Read the note that a database keeps."""
    return None if text is None else decode_note(json.loads(text))


@dataclass(frozen=True, slots=True)
class NotSent:
    """Not a byte of the request left: name not resolved, connection refused, connect timeout, TLS refused."""

    reason: Note


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The request, or a part of it, was sent, and no whole answer came back."""

    reason: Note


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer. `retry_after` is the header in seconds, if there was one that can be read."""

    status: int
    body: bytes = field(repr=False)
    retry_after: float | None = None


Exchange = NotSent | NoAnswer | Answer


@dataclass(frozen=True, slots=True)
class Applied:
    """A well-formed success, with the balances after the movement."""

    main_balance: Decimal
    subaccount_balance: Decimal


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal that is proof: nothing was applied. `code` is None where the answer gave reasons but no code."""

    code: int | None
    words: str
    by_field: bool = False
    """Whether its reasons name the fields that are wrong, as the API does with HTTP 4xx."""
    of_account: bool = False
    """Whether every further row would be refused as well."""
    meaning: Note | None = field(default=None, compare=False)
    """What the code means, in our words."""


@dataclass(frozen=True, slots=True)
class Unproven:
    """A well-formed refusal with a code that is no proof: one look at the balances tells whether to believe it."""

    refusal: Refused


@dataclass(frozen=True, slots=True)
class Throttled:
    """The provider asks to slow down; `retry_after` is for how long, in seconds. Once more only after a look."""

    reason: Note
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class NotApplied:
    """Nothing was sent: it surely did not happen and may be repeated."""

    reason: Note


@dataclass(frozen=True, slots=True)
class Doubt:
    """It may have been applied. What the answer said beside that is what the row is if it was not."""

    reason: Note
    refusal: Refused | None = None
    is_blocked: bool = False
    """Something between us and the API refuses: sending again will not help."""


Outcome = Applied | Refused | Unproven | Throttled | NotApplied | Doubt
