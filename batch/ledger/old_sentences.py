"""What older ledgers say in English sentences, read as the notes of today: what was hashed stays as it was written.

The sentences are those of that time, whatever is said today. One that is not recognised is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from batch.notes import Note, decode_note, make_note

_OF_ACCOUNT: Mapping[int, str] = {
    1: "key-missing",
    4: "not-authorised",
    10: "key-wrong",
    20: "account-disabled",
    30: "account-blocked",
    40: "access-denied",
    96: "ip-not-authorised",
}
"""The codes of refusals that every further row would have got as well."""
_SENTENCES: Mapping[str, str] = {
    "What it had not sent is sent from a corrected sheet, so it was closed.": "closed-by-correction",
    "the address, or the proxy that the environment names, cannot be used": "address-unusable",
    "the host name is not known": "host-unknown",
    "the proxy cannot be reached, or refuses": "proxy-unreachable",
    "the server's certificate is not valid": "certificate-invalid",
    "no secure connection could be made": "not-secure",
    "the connection was refused": "connection-refused",
    "the connection was closed without an answer": "connection-closed",
    "the connection took too long": "connection-slow",
    "the connection failed": "connection-failed",
    "the server sends before it is asked, or closes": "server-speaks-first",
    "it took too long to make sure that the account is still held": "held-too-long-ago",
    "no answer came in time": "answer-late",
    "the answer was cut short": "answer-cut-short",
    "the answer was too long": "answer-too-long",
    "the answer could not be decoded": "answer-not-decodable",
    "the answer was not HTTP": "answer-not-http",
    "the answer had HTTP status {status}": "answer-status",
    "a success with HTTP status {status}": "success-with-status",
    "the answer was empty": "answer-empty",
    "the answer was not readable JSON with fields": "answer-not-json",
    "the answer was not readable XML": "answer-not-xml",
    "the answer was XML, but not the API's": "answer-other-xml",
    "the answer says neither success nor refusal": "answer-undecided",
    "an entry of the answer holds others instead of a text": "answer-nested",
    "the answer has not the five entries of a success": "answer-incomplete",
    "the answer says success with a code other than 200": "success-with-other-code",
    "the answer says refusal with the code of a success": "refusal-with-success-code",
    "the answer says refusal without a code that is one": "refusal-without-code",
    "the answer has no credits": "no-credits",
    "the answer gives two balances": "two-balances",
    "the answer has no balance": "no-balance",
    "the answer has no list of sub-accounts": "no-list",
    "the answer does not say how many sub-accounts there are": "no-total",
    "a sub-account in the answer has no token or no credits": "subaccount-incomplete",
    "the answer has not the entries of an account": "account-incomplete",
    "a balance in the answer is not a number": "balance-not-a-number",
    "the answer is not in euros": "not-euros",
    "the answer is that of the movement before": "answer-repeated",
    "the provider asks to slow down": "asked-to-slow-down",
    "the provider says that it failed, with code {code}": "provider-failed",
    "something between this computer and the provider refuses (HTTP status {status})": "blocked",
    "The provider refused in a way that it does not document": "refused-undocumented",
    "The provider cannot be reached: {why}; nothing was moved.": "unreachable",
    "The provider answers with HTTP status {status}: try again later; nothing was moved.": "unavailable",
    "The provider asks to slow down: try again later; nothing was moved.": "slow-down",
    (
        "The address {address} does not answer as the provider's API does ({why}, HTTP status "
        "{status}): check CREDITBATCH_API_URL; nothing was moved."
    ): "not-the-api",
    (
        "The address {address} answers with HTTP status {status}: check CREDITBATCH_API_URL; nothing was moved."
    ): "wrong-status",
    "The answer of {address} is not usable: {why}; nothing was moved.": "not-usable",
    "The provider refused ({code}: {meaning}; {said}): {hint}; nothing was moved.": "question-refused",
    "no code": "without-code",
    "code {code}": "with-code",
    "without a message": "without-words",
    "it says “{words}”": "with-words",
    "check the API key": "check-key",
    "ask the provider": "ask-provider",
    "The provider's list of sub-accounts keeps changing while it is read: try again; nothing was moved.": (
        "list-changing"
    ),
    "The provider's list no longer holds the sub-account {token}.": "subaccount-gone",
    "The provider says that there are {number} sub-accounts, more than there can be: ask the provider.": (
        "list-too-long"
    ),
    "The API key is required": "key-missing",
    "The amount is required": "amount-missing",
    "The sub-account is required": "subaccount-missing",
    "This account is not authorised": "not-authorised",
    "The amount must be greater than 0": "amount-not-positive",
    "The main account's balance must be greater than 0": "main-account-empty",
    "The sub-account does not exist": "subaccount-unknown",
    "Not enough credit": "no-credit",
    "The API key is wrong": "key-wrong",
    "The account is disabled": "account-disabled",
    "The account is blocked": "account-blocked",
    "Access to the API is denied": "access-denied",
    "The provider could not read the request": "request-unreadable",
    "This computer's IP address is not authorised": "ip-not-authorised",
    "Done": "done",
    "The provider has an internal problem": "provider-in-trouble",
    "Refused without a code": "no-code",
    "Code {code}, which the provider does not document": "code-unknown",
    "An attempt was begun and its outcome is not recorded": "under-way",
    "The balances do not tell whether it was applied": "untold",
    "Settled by the balances: it was applied": "settled-applied",
    "Settled by the balances: it was not applied": "settled-missing",
    "By one look at the balances it was not applied": "seen-missing",
    "Its sub-account’s balance changed since the ledger last knew it, by about what this row moves": (
        "changed-elsewhere"
    ),
    "The books do not balance by about what this row moves, as if it had been applied": "books-doubt",
    "{who} decided that it was applied: {reason}": "decided-applied",
    "{who} decided that it was not applied: {reason}": "decided-missing",
    "It was interrupted.": "interrupted",
    "The provider refuses the whole account with code {code}: {meaning}.": "account-stopped",
    "The provider refuses the whole account with code {code}: {meaning} (it says “{words}”).": (
        "account-stopped-saying"
    ),
    "The provider refused {count} rows in a row in a way that it does not document: {meaning}.": "undocumented",
    (
        "The provider refused {count} rows in a row in a way that it does not document: {meaning} (it says “{words}”)."
    ): "undocumented-saying",
    "Row {row} could not be sent: {why}.": "row-not-sent",
    "Row {row} was sent {times} times and never applied.": "row-never-applied",
    "Row {row} was not applied by the balances, and a person must agree to send it again.": "row-to-agree",
    "Whether row {row} was applied is unknown: {why}.": "row-unknown",
    "the balances do not tell": "balances-silent",
    "the books do not balance by about what it moves": "books-differ",
    "Whether row {row} was applied is unknown, because the balances cannot be read. {why}": "row-unread",
    "The balances cannot be read. {why}": "balances-unread",
    (
        "Balances changed by what rows would move ({rows}), as if these had been applied without "
        "this ledger: a person must decide."
    ): "paid-elsewhere",
    "the balances cannot be read": "waiting-for-balances",
    "row {row} is being settled": "settling",
    "undocumented refusals are being confirmed by the balances": "confirming",
    "the balances are read once more": "reading-again",
    "the closing balances cannot be read: {why}": "closing-unread",
    "sub-account {token} holds {amount} more than the ledger last knew, from elsewhere": "risen-elsewhere",
    "the connection was reset": "connection-closed",
    "the connection was closed": "connection-closed",
}
_FILLED_IN = sorted((sentence for sentence in _SENTENCES if "{" in sentence), key=len, reverse=True)
"""The longest first: of two that fit, the longer says more."""
_IN_THEIR_TURN = {"why", "meaning", "said", "hint", "code"}
"""The fields that hold a sentence, to be read in its turn."""


def read_row_note(data: Mapping[str, Any]) -> Note | None:
    """Read the note that an event has of its row."""
    said = data.get("note")
    if isinstance(said, Mapping):
        return decode_note(said)
    code = data.get("code") if data.get("status") == "refused" else None
    if code is None or code not in _OF_ACCOUNT:
        return read_sentence(said)
    if said is None:
        return make_note("account-refused", meaning=make_note(_OF_ACCOUNT[code]), refuses="account")
    read = read_sentence(said)
    return read and make_note(read.code, **read.params, refuses="account")


def read_reason(data: Mapping[str, Any]) -> Note | None:
    """Read the reason that an event has for the batch's state; who abandons one gives it in their own words."""
    said = data.get("reason")
    if isinstance(said, Mapping):
        return decode_note(said)
    if isinstance(said, str) and data.get("state") == "abandoned":
        return make_note("said", words=said)
    return read_sentence(said)


def read_sentence(said: str | None) -> Note | None:
    """Read a sentence back into the note that it would be today."""
    if said is None:
        return None
    if said in _SENTENCES:
        return make_note(_SENTENCES[said])
    for sentence in _FILLED_IN:
        found, code = _make_pattern(sentence).fullmatch(said), _SENTENCES[sentence]
        if found:
            fields = found.groupdict()
            inner = {name: read_sentence(fields[name]) for name in _IN_THEIR_TURN & fields.keys()}
            return make_note(code, **(fields | {name: _unwrap(read) for name, read in inner.items()}))
    return make_note("said", words=said)


def _unwrap(read: Note | None) -> Note | str | None:
    """Make of what is not recognised the text that it was."""
    return read.params["words"] if read is not None and read.code == "said" else read


@cache
def _make_pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(sentence)), re.DOTALL)
