"""The ledger's events in words: what happened, and its particulars with nothing left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

from batch.language import N_, _, money, pgettext
from batch.ledger.old_sentences import read_sentence
from batch.model import BatchState, Status
from batch.notes import note_of, tell
from batch.report.words import STATE_WORDS
from batch.wording import status_word

_EVENT_WORDS: Mapping[str, str] = {
    "accepted": N_("Accepted"),
    "attempt-began": N_("Attempt began"),
    "attempt-ended": N_("Attempt ended"),
    "balances-read": N_("Balances read"),
    "row-settled": N_("Row settled"),
    "row-doubted": N_("Row put in doubt"),
    "person-decided": N_("Person decided"),
    "state-changed": N_("State changed"),
}
_KEY_WORDS: Mapping[str, str] = {
    "account": N_("account"),
    "added": N_("added"),
    "again": N_("again"),
    "api_url": N_("provider’s address"),
    "applied": N_("applied"),
    "approved": N_("approved by"),
    "attempt": N_("attempt"),
    "batch": N_("batch"),
    "by": N_("by"),
    "code": N_("code"),
    "digest": N_("digest"),
    "file_name": N_("file"),
    "key_fingerprint": N_("key’s fingerprint"),
    "main_balance": N_("main balance"),
    "message": N_("message"),
    "movements": N_("movements"),
    "note": N_("note"),
    "options": N_("options"),
    "outcome": N_("outcome"),
    "prepared": N_("prepared by"),
    "purpose": N_("purpose"),
    "reason": N_("reason"),
    "removed": N_("removed"),
    "row": N_("row"),
    "rows": N_("rows"),
    "rows_sha256": N_("SHA-256 of the rows"),
    "sha256": N_("SHA-256 of the file"),
    "state": N_("state"),
    "status": N_("status"),
    "subaccount_balance": N_("sub-account balance"),
    "subaccounts": N_("sub-accounts"),
    "who": N_("who"),
    "why": N_("why"),
}
_TERMS: Mapping[tuple[str, str], str] = {
    ("purpose", "opening"): N_("opening the batch"),
    ("purpose", "closing"): N_("closing the batch"),
    ("purpose", "settling"): N_("settling a doubt"),
    ("purpose", "resuming"): N_("resuming the batch"),
    ("outcome", "Applied"): N_("applied"),
    ("outcome", "Refused"): N_("refused"),
    ("outcome", "Unproven"): N_("refused, but not in a way that is documented"),
    ("outcome", "Throttled"): N_("asked to slow down"),
    ("outcome", "NotApplied"): N_("not applied"),
    ("outcome", "Blocked"): N_("blocked on the way"),
    ("outcome", "Doubt"): N_("in doubt"),
}
_SENTENCES = frozenset({"note", "reason"})
"""Keys of what we say in the ledger, and not a person or the provider."""
_MONEY_KEYS = frozenset({"added", "removed", "main_balance", "subaccount_balance", "subaccounts"})


class Teller:
    """Says events in the language in force when it was made. What a long trail repeats is translated once."""

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}
        self._beginnings: dict[tuple[str, bool], str] = {}
        self._terms = {term: _(said) for term, said in _TERMS.items()}
        self._terms |= {("status", status.value): status_word(status) for status in Status}
        self._terms |= {("state", state.value): _(STATE_WORDS[state]) for state in BatchState}
        self._none = pgettext("no value", "none")
        self._truth = {True: pgettext("truth", "yes"), False: pgettext("truth", "no")}

    def event(self, kind: str) -> str:
        """An event's kind."""
        if kind not in self._kinds:
            plain = _spaced(kind)
            self._kinds[kind] = _(_EVENT_WORDS[kind]) if kind in _EVENT_WORDS else plain[:1].upper() + plain[1:]
        return self._kinds[kind]

    def kinds(self) -> Iterable[str]:
        """What there may be, in words."""
        return map(self.event, _EVENT_WORDS)

    def particulars(self, data: Mapping[str, object]) -> str:
        """An event's data: "row: 5 · amount: 12.50"."""
        return " · ".join([self._beginning(key, is_ours=True) + self._value(value, key) for key, value in data.items()])

    def _beginning(self, key: str, *, is_ours: bool) -> str:
        """The key and its colon. A key that is not one of ours is a token, and is never translated."""
        found = self._beginnings.get((key, is_ours))
        if found is None:
            word = _(_KEY_WORDS[key]) if is_ours and key in _KEY_WORDS else _spaced(key) if is_ours else key
            found = self._beginnings[key, is_ours] = _("{cell}: {message}").format(cell=word, message="")
        return found

    def _value(self, value: object, kind: str) -> str:
        """A value of a key; words of the ledger that we know are said in the language."""
        if value is None:
            return self._none
        if isinstance(value, str):
            return self._terms.get((kind, value)) or _text(value, kind)
        if isinstance(value, bool):
            return self._truth[value]
        if isinstance(value, Mapping) and kind in _SENTENCES:
            return tell(note_of(value))
        if isinstance(value, Mapping):
            inner = (self._beginning(str(key), is_ours=False) + self._value(item, kind) for key, item in value.items())
            return "{" + ", ".join(inner) + "}"
        if isinstance(value, list | tuple):
            return "[" + ", ".join([self._value(item, kind) for item in value]) + "]"
        return f"{value:f}" if isinstance(value, Decimal) and value.is_finite() else str(value)


def _text(text: str, kind: str) -> str:
    if kind in _SENTENCES:
        return tell(read_sentence(text))
    if kind in _MONEY_KEYS:
        try:
            return money(Decimal(text), 3)
        except (InvalidOperation, ValueError):
            return text
    return text


def _spaced(key: str) -> str:
    return key.replace("_", " ").replace("-", " ").strip()
