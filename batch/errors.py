"""What can go wrong so that nothing can be returned. Bad data in a sheet is never raised: it is a finding."""

from __future__ import annotations

from typing import ClassVar

from batch.i18n import N_, _
from batch.notes import Note, tell

_SYSTEM_WORDS = (
    N_("No such file or directory"), N_("Permission denied"), N_("Operation not permitted"), N_("File exists"),
    N_("Not a directory"), N_("Is a directory"), N_("File name too long"), N_("No space left on device"),
    N_("Disk quota exceeded"), N_("Read-only file system"), N_("Input/output error"), N_("Too many open files"),
    N_("Address already in use"), N_("Cannot assign requested address"), N_("Connection refused"),
    N_("Connection reset by peer"), N_("Network is unreachable"), N_("No route to host"),
    N_("Name or service not known"), N_("Temporary failure in name resolution"),
)  # fmt: skip
"""What an operating system says in English whatever the language; others are shown as it says them."""


class CreditbatchError(Exception):
    """A failure that is told to the user in one sentence: what is wrong, where, and what to do.

    `kind` says the same to a script, in a word that never changes: `--json` gives it as the error's code. The exit
    code says that it could not start (2), or was stopped before its end (3).
    """

    exit_code: ClassVar[int] = 2
    kind: ClassVar[str]


class UsageError(CreditbatchError):
    """The command was given something it cannot use."""

    kind = "usage"


class BatchUnfinished(UsageError):
    """A batch of the account was begun and has not ended: it is resumed or abandoned before another begins."""

    kind = "batch-unfinished"

    def __init__(self, sentence: str, batch: str) -> None:
        super().__init__(sentence)
        self.batch = batch


class AlreadyRun(UsageError):
    """The list, or half of it, was run before."""

    kind = "already-run"


class SettingsError(CreditbatchError):
    """A setting is missing or unusable."""

    kind = "settings"


class KeyMissing(SettingsError):
    """There is no API key."""

    kind = "key-missing"


class SheetError(CreditbatchError):
    """The file cannot be read as a sheet; where the choice is the reader's, `sheets` could each be meant."""

    kind = "sheet-unreadable"

    def __init__(self, sentence: str, sheets: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.sheets = sheets


class ProviderError(CreditbatchError):
    """The provider could not be asked; `note` is the sentence as a ledger keeps it."""

    kind = "provider"

    def __init__(self, why: Note) -> None:
        super().__init__(tell(why))
        self.note = why


class ProviderUnreachable(ProviderError):
    """No usable answer came: no connection, a timeout, or something that is not the API's.

    `retry_after` is for how many seconds the provider asked to be left alone.
    """

    kind = "provider-unreachable"

    def __init__(self, why: Note, *, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class ProviderRefused(ProviderError):
    """The provider answered a question with a refusal; its code and its own words are kept."""

    kind = "provider-refused"

    def __init__(self, why: Note, *, code: int | None, words: str) -> None:
        super().__init__(why)
        self.code = code
        self.words = words


class SubAccountGone(ProviderError):
    """The provider's list does not hold a sub-account whose balance is asked for."""

    kind = "sub-account-gone"


class LedgerError(CreditbatchError):
    """The ledger cannot be read or written."""

    kind = "ledger"


class NoSuchBatch(LedgerError):
    """The ledger holds no batch of that name."""

    kind = "no-such-batch"


class AccountInUse(LedgerError):
    """Somebody else is sending on the account just now; `batch` is theirs, None before it has a name."""

    kind = "account-in-use"

    def __init__(self, sentence: str, batch: str | None) -> None:
        super().__init__(sentence)
        self.batch = batch


class LedgerFailed(LedgerError):
    """The ledger failed while a batch was performed, or told of then: nothing more is sent, and nothing is lost."""

    exit_code = 3


class TimestampError(CreditbatchError):
    """A time stamp was not given, or is worth nothing: it is damaged, or of something else."""

    kind = "timestamp"


class ReportError(CreditbatchError):
    """The workbook cannot be written."""

    kind = "report"


def explain_os_error(error: OSError) -> str:
    """Explain why the operating system would not, as a part of a sentence."""
    words = _((error.strerror or str(error)).strip().rstrip("."))
    return words[:1].lower() + words[1:]
