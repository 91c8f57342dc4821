"""What is said of rows, findings and events, in the workbook and elsewhere; the verdict has its own module."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from batch.findings import Finding
from batch.i18n import N_, _, format_euros, format_money, format_number, get_language, pgettext, show_value
from batch.ledger.old_sentences import read_sentence
from batch.model import BatchRow, BatchState, RowResult, Status, name_status
from batch.money import ZERO
from batch.notes import decode_note, tell
from batch.planning.plan import Refusal
from batch.provider import codes
from batch.validation.vocabulary import REPORT_WORDS, ReportWords

PROGRAM = "creditbatch"
DRY_RUN = N_("DRY RUN – nothing has moved")

STATUS_MEANINGS: Mapping[Status, str] = {
    Status.DONE: N_("Moved, exactly once"), Status.REFUSED: N_("The provider said no; nothing moved"),
    Status.PENDING: N_("Not moved"), Status.INVALID: N_("Has an error; never sent"),
    Status.UNKNOWN: N_("Perhaps moved; resuming finds out, or a person decides"),
}  # fmt: skip
STATE_WORDS: Mapping[BatchState, str] = {
    BatchState.CHECKED: N_("checked, not approved"), BatchState.APPROVED: N_("approved, not started"),
    BatchState.RUNNING: N_("running"), BatchState.STOPPED: N_("stopped before the end"),
    BatchState.FINISHED: N_("finished"), BatchState.ABANDONED: N_("given up before the end"),
    BatchState.REJECTED: N_("rejected"),
}  # fmt: skip


def get_report_words() -> ReportWords:
    """Return the names of sheets and columns, in the language in force."""
    return REPORT_WORDS[get_language()]


def explain_row(entry: BatchRow) -> str | None:
    """Explain the row by the provider's code, or by our own note where it did not say; None for a row not sent."""
    result = entry.result
    if result.status is Status.UNKNOWN:
        unknown = _(STATUS_MEANINGS[Status.UNKNOWN])
        return _("{what}: {note}").format(what=unknown, note=tell(result.note)) if result.note else unknown
    if result.note:
        return tell(result.note)
    return explain_code(result.code) if result.code is not None or result.status is Status.REFUSED else None


def explain_code(code: int | None) -> str:
    return tell(codes.explain(code))


def predict_code(refusal: Refusal) -> int:
    return codes.FORESEEN[refusal.why]


def tell_note(result: RowResult) -> str:
    """Tell our note, but for one that only repeats what the code means."""
    return "" if result.note is None or result.note.code == "account-refused" else tell(result.note)


def tell_findings(entry: BatchRow, refusal: Refusal | None) -> str:
    """Tell all that was found of a row before it was sent, one finding a line, with its place."""
    lines = []
    for found in entry.row.findings:
        said = place_finding(found)
        # It keeps nothing from being sent.
        lines.append(said if found.is_error else _("Warning: {finding}").format(finding=said))
    if refusal:
        lines.append(_tell_forecast_refusal(refusal))
    return "\n".join(lines)


def _tell_forecast_refusal(refusal: Refusal) -> str:
    sentence = _("Would be refused: {why}, {amount} short.") if refusal.short else _("Would be refused: {why}.")
    return sentence.format(why=explain_code(predict_code(refusal)), amount=format_euros(refusal.short or ZERO))


def tell_reason(entry: BatchRow) -> str:
    """Tell the one who corrects a row why it was not done, without cell addresses: they are the old sheet's."""
    if entry.result.status is Status.REFUSED:
        why = _tell_refusal(entry)
    elif entry.result.status is Status.PENDING:
        why = _("It was not sent, because the batch was given up.")
    else:
        why = " ".join(found.message for found in entry.row.findings if found.is_error) or _("Invalid.")
    return _("Row {row}: {why}").format(row=entry.row.number, why=why)


def _tell_refusal(entry: BatchRow) -> str:
    code, message = entry.result.code, entry.result.message
    sentence = _("Refused: {why}.") if code is None else _("Refused: {why} (code {code}).")
    sentence = sentence.format(why=explain_code(code), code=code)
    if not message:
        return sentence
    return _("{sentence} The provider’s message: “{message}”").format(sentence=sentence, message=message)


def make_title(batch: str | None, file_name: str) -> str:
    if batch is None:
        return _("Dry run of {file}").format(file=file_name)
    return _("Credit batch {batch}").format(batch=batch)


def place_finding(found: Finding) -> str:
    """Tell a finding, after its cell if it has one."""
    if not found.cell:
        return found.message
    return _("{cell}: {message}").format(cell=found.cell, message=found.message)


_EVENT_WORDS: Mapping[str, str] = {
    "accepted": N_("Accepted"), "attempt-began": N_("Attempt began"), "attempt-ended": N_("Attempt ended"),
    "balances-read": N_("Balances read"), "row-settled": N_("Row settled"), "row-doubted": N_("Row put in doubt"),
    "person-decided": N_("Person decided"), "state-changed": N_("State changed"),
    "options-changed": N_("Options changed"), "key-changed": N_("Key changed"),
    "rows-accepted": N_("Rows accepted"), "file-written": N_("File written"), "tip-signed": N_("Record signed"),
    "tip-stamped": N_("Record time-stamped"), "entries-numbered": N_("Entries numbered"),
}  # fmt: skip
_KEY_WORDS: Mapping[str, str] = {
    "authority": N_("authority"), "columns": N_("columns"), "events": N_("events"), "findings": N_("findings"),
    "format": N_("format"), "hash": N_("hash"), "is_kept": N_("file kept"), "key": N_("key"),
    "language": N_("language"), "name": N_("name"), "origin": N_("origin"), "roles": N_("roles of the columns"),
    "sheet": N_("sheet"), "signature": N_("signature"), "size": N_("size"), "token": N_("time stamp"),
    "version": N_("version"), "zone": N_("time zone"),
    "closes_on": N_("closing day of the fiscal year"), "first": N_("first number"), "journal": N_("journal"),
    "numbered": N_("rows in the order of their numbers"),
    "account": N_("account"), "added": N_("added"), "again": N_("again"), "api_url": N_("provider’s address"),
    "applied": N_("applied"), "approved": N_("approved by"), "attempt": N_("attempt"), "batch": N_("batch"),
    "by": N_("by"), "code": N_("code"), "digest": N_("digest"), "file_name": N_("file"),
    "key_fingerprint": N_("key’s fingerprint"), "main_balance": N_("main balance"), "message": N_("message"),
    "movements": N_("movements"), "note": N_("note"), "options": N_("options"), "outcome": N_("outcome"),
    "prepared": N_("prepared by"), "purpose": N_("purpose"), "reason": N_("reason"), "removed": N_("removed"),
    "row": N_("row"), "rows": N_("rows"), "rows_sha256": N_("SHA-256 of the rows"),
    "sha256": N_("SHA-256 of the file"), "state": N_("state"), "status": N_("status"),
    "subaccount_balance": N_("sub-account balance"), "subaccounts": N_("sub-accounts"), "who": N_("who"),
    "why": N_("why"),
}  # fmt: skip
_TERMS: Mapping[tuple[str, str], str] = {
    ("purpose", "opening"): N_("opening the batch"), ("purpose", "closing"): N_("closing the batch"),
    ("purpose", "settling"): N_("settling a doubt"), ("purpose", "resuming"): N_("resuming the batch"),
    ("outcome", "Applied"): N_("applied"), ("outcome", "Refused"): N_("refused"),
    ("outcome", "Unproven"): N_("refused, but not in a way that is documented"),
    ("outcome", "Throttled"): N_("asked to slow down"), ("outcome", "NotApplied"): N_("not applied"),
    ("outcome", "Blocked"): N_("blocked on the way"), ("outcome", "Doubt"): N_("in doubt"),
}  # fmt: skip
_SENTENCES = frozenset({"note", "reason"})
"""Keys of what we say in the ledger, and not a person or the provider."""
_MONEY_KEYS = frozenset({"added", "removed", "main_balance", "subaccount_balance", "subaccounts"})


class Teller:
    """Says events in the language in force when it was made. What a long trail repeats is translated once."""

    def __init__(self) -> None:
        self.kinds = {kind: _(said) for kind, said in _EVENT_WORDS.items()}
        self._beginnings: dict[tuple[str, bool], str] = {}
        self._terms = {term: _(said) for term, said in _TERMS.items()}
        self._terms |= {("status", status.value): name_status(status) for status in Status}
        self._terms |= {("state", state.value): _(STATE_WORDS[state]) for state in BatchState}
        self._none = pgettext("no value", "none")
        self._truth = {True: pgettext("truth", "yes"), False: pgettext("truth", "no")}

    def event(self, kind: str) -> str:
        return self.kinds.get(kind) or _separate_words(kind[:1].upper() + kind[1:])

    def particulars(self, data: Mapping[str, object]) -> str:
        """Say an event's data: "row: 5 · amount: 12.50"."""
        return " · ".join([self._say_key(key, is_ours=True) + self.value(value, key) for key, value in data.items()])

    def _say_key(self, key: str, *, is_ours: bool) -> str:
        """Say the key and its colon. A key that is not one of ours is a token, and is never translated."""
        found = self._beginnings.get((key, is_ours))
        if found is None:
            word = key
            if is_ours:
                word = _(_KEY_WORDS[key]) if key in _KEY_WORDS else _separate_words(key)
            found = self._beginnings[key, is_ours] = _("{cell}: {message}").format(cell=word, message="")
        return found

    def value(self, value: object, kind: str) -> str:
        """Say a value of a key; words of the ledger that we know are said in the language."""
        if value is None:
            return self._none
        if isinstance(value, str):
            return self._terms.get((kind, value)) or _tell_text(value, kind)
        if kind == "rows" and isinstance(value, list | tuple) and value:
            return _("{number}, from {first} to {last}").format(
                number=format_number(len(value)), first=value[0][0], last=value[-1][0]
            )
        if isinstance(value, bool):
            return self._truth[value]
        if isinstance(value, Mapping) and kind in _SENTENCES:
            return tell(decode_note(value))
        if isinstance(value, Mapping):
            inner = (self._say_key(str(key), is_ours=False) + self.value(item, kind) for key, item in value.items())
            return "{" + ", ".join(inner) + "}"
        if isinstance(value, list | tuple):
            return "[" + ", ".join([self.value(item, kind) for item in value]) + "]"
        return f"{value:f}" if isinstance(value, Decimal) and value.is_finite() else str(value)


_LONGEST_TOKEN = 60
"""Characters of a time stamp that a person is shown: the whole of it is among the events."""


def _tell_text(text: str, kind: str) -> str:
    if kind == "token":
        return show_value(text, _LONGEST_TOKEN)
    if kind in _SENTENCES:
        return tell(read_sentence(text))
    if kind in _MONEY_KEYS:
        try:
            return format_money(Decimal(text), 3)
        except (InvalidOperation, ValueError):
            return text
    return text


def _separate_words(key: str) -> str:
    return key.replace("_", " ").replace("-", " ").strip()
