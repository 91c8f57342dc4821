"""How the accounting entries of a batch are booked, by the settings of the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from batch.errors import SettingsError
from batch.i18n import _

_LONGEST_BOOKED = 100
_LONGEST_ACCOUNT = 20


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """How the accounting entries of a batch are booked. The defaults are accounts of the French general plan."""

    code: str
    label: str
    main_account: str
    main_label: str
    subaccounts_account: str
    subaccounts_label: str
    siren: str | None
    """The company's number, which a file for the tax administration is named after."""
    year_end: tuple[int, int]
    """Month and day on which its fiscal years close; February 29 is the last day of February."""


def load_journal_settings(environ: Mapping[str, str]) -> JournalSettings:
    """Read and check the settings of `journal`; `SettingsError` names the one that is wrong."""
    return JournalSettings(
        code=_read_label(environ, "CREDITBATCH_JOURNAL_CODE", "SMS"),
        label=_read_label(environ, "CREDITBATCH_JOURNAL_LABEL", "Crédits SMS"),
        main_account=_read_account(environ, "CREDITBATCH_ACCOUNT_MAIN", "467100"),
        main_label=_read_label(environ, "CREDITBATCH_ACCOUNT_MAIN_LABEL", "Crédit SMS, compte principal"),
        subaccounts_account=_read_account(environ, "CREDITBATCH_ACCOUNT_SUBACCOUNTS", "467200"),
        subaccounts_label=_read_label(environ, "CREDITBATCH_ACCOUNT_SUBACCOUNTS_LABEL", "Crédit SMS, sous-comptes"),
        siren=_read_siren(environ.get("CREDITBATCH_SIREN")),
        year_end=_read_year_end(environ.get("CREDITBATCH_FISCAL_YEAR_END") or "12-31"),
    )


def _read_label(environ: Mapping[str, str], name: str, default: str) -> str:
    """Read a text for a file whose columns are separated by tabs or bars, and whose lines must not break."""
    value = (environ.get(name) or default).strip()
    if not value or not value.isprintable() or "|" in value or len(value) > _LONGEST_BOOKED:
        sentence = _("{setting} must be a text of at most {limit} characters on one line, without a bar (|).")
        raise SettingsError(sentence.format(setting=name, limit=_LONGEST_BOOKED))
    return value


def _read_account(environ: Mapping[str, str], name: str, default: str) -> str:
    value = (environ.get(name) or default).strip()
    if not (value.isascii() and value.isalnum() and value[:3].isdigit() and 3 <= len(value) <= _LONGEST_ACCOUNT):
        sentence = _("{setting} must be an account's number that begins with three digits, such as {example}.")
        raise SettingsError(sentence.format(setting=name, example=default))
    return value


def _read_siren(text: str | None) -> str | None:
    value = "".join((text or "").split())
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) == 9 and _has_check_digit(value)):
        raise SettingsError(_("CREDITBATCH_SIREN is not a company's number of nine digits: check it."))
    return value


def _read_year_end(text: str) -> tuple[int, int]:
    month, _sign, day = text.strip().partition("-")
    try:
        # In a leap year, which has every day.
        closing = date.fromisoformat(f"2000-{month:0>2}-{day:0>2}")
    except ValueError as error:
        sentence = _("CREDITBATCH_FISCAL_YEAR_END must be a month and a day, such as 12-31 or 06-30.")
        raise SettingsError(sentence) from error
    return closing.month, closing.day


def _has_check_digit(digits: str) -> bool:
    """Tell whether Luhn's sum is a multiple of ten: every second digit from the right counts double."""
    doubled = (int(digit) * (1 + position % 2) for position, digit in enumerate(reversed(digits)))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0
