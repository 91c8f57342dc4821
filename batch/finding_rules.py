"""What the checks can say of a sheet: one entry a rule. `docs/findings.md` is the same table for accountants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from batch.i18n import N_, Format, show_count, show_digits, show_titles


class Severity(StrEnum):
    """An error keeps a row from being sent; a warning is only said; a note says what was found to be in order."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: how bad it is when broken, and the sentence for the reader (fields in braces are parameters).

    `variants` are other sentences, by what the parameter "as" says; `formats` go before those of `batch.i18n.FORMATS`.
    """

    severity: Severity
    sentence: str
    formats: Mapping[str, Format]
    variants: Mapping[str, str]


def _error(sentence: str, formats: Mapping[str, Format] | None = None, **variants: str) -> Rule:
    return Rule(Severity.ERROR, sentence, formats or {}, variants)


def _warning(sentence: str, formats: Mapping[str, Format] | None = None, **variants: str) -> Rule:
    return Rule(Severity.WARNING, sentence, formats or {}, variants)


def _note(sentence: str, formats: Mapping[str, Format] | None = None, **variants: str) -> Rule:
    return Rule(Severity.NOTE, sentence, formats or {}, variants)


_COUNTS = dict.fromkeys(("expected", "found", "stated"), show_count)

RULES: Mapping[str, Rule] = {
    # The sheet as a whole.
    "sheet-empty": _error("The sheet is empty: fill in a header row and one row for each movement."),
    "sheet-hidden": _warning("The sheet “{sheet}” is hidden in its workbook: "
        "make sure that it is the one that is meant."),
    "sheets-hidden": _warning("Hidden sheets hold a table as well, which is not read ({sheets}): "
        "choose one with --sheet NAME if it is meant."),
    "sheets-besides": _warning("Other sheets without a header hold rows like those of this one, "
        "which are not read ({sheets}): copy them below the others if they are meant."),
    "tables-besides": _warning("Beside the table that is read, or above it, stands another whose rows are not read "
        "(it begins in {at}): copy them below the others if they are meant."),
    "appearance-unseen": _error("What Excel shows of this file (hidden rows and columns, cells struck through, "
        "rounded amounts) cannot be checked: save it as .xlsx and use that one.",
        again=N_("What Excel shows of this file (hidden rows and columns, cells struck through, rounded amounts) "
            "cannot be checked, because of the way in which it was written: open it in Excel and save it.")),
    "encoding-assumed": _warning("The file does not say how its letters are encoded, and {encoding} was assumed: "
        "look whether “{example}” is written right, or save the file as “CSV UTF-8”."),
    "separator-assumed": _warning("The file was cut into columns at {separator}, which is not certain: "
        "save it as .xlsx if that is wrong."),
    "rows-ragged": _warning("Rows have fewer or more cells than the header has titles ({count} in all, the first is "
        "row {first}): look for a separator or a line break that is missing or too many.", {"first": show_count},
        line=N_("Rows have fewer or more cells than the header has titles ({count} in all, the first is row {first}, "
            "in line {line} of the file): look for a separator or a line break that is missing or too many.")),
    "rows-in-cell": _error("Lines of the file that may be rows ({lines}) stand inside cells with line breaks and are "
        "not read, first in {at}: close the quotation mark that opens this cell, "
        "or take the line breaks out of its text."),
    "header-missing": _error("No header row was found in the first {searched} rows: "
        "one row must name the columns token, amount and direction.", {"row": show_count},
        near=N_("No header row was found in the first {searched} rows: if row {row} is one ({titles}), "
            "name its columns with --column ROLE=TITLE, or write token, amount and direction in it.")),
    "columns-by-letter": _warning("The sheet has no row of titles: its columns are those that were named by letter, "
        "and its first row is read like the others."),
    "column-missing": _error("The header in row {header} has no {column} column: add one, named for example “{first}” "
        "or “{second}”, or name the one that holds it with --column {role}=TITLE.", {"near": show_titles},
        near=N_("The header in row {header} has no {column} column: if one of these holds it ({near}), "
            "name it with --column {role}=TITLE, or add one, named for example “{first}”."),
        unit=N_("The header in row {header} has no {column} column in euros, but {near}: only euros are paid, "
            "so add a column with euros, named for example “{first}”.")),
    "column-unknown": _warning("The column “{title}” is not known: did you mean {suggestion}?"),
    "column-twice": _error("The columns “{first}” ({first_cell}) and “{second}” ({second_cell}) could each be the "
        "{column}: rename all but the one that is meant."),
    "column-not-found": _error("There is no column “{title}” for the {column}: name it as the header row does, "
        "or by its letter."),
    "columns-remembered": _warning("The {column} is taken from the column “{title}”, "
        "as was kept from an earlier sheet: make sure it is the same."),
    "conventions-mixed": _error("The sheet writes movements in two ways: “{first}” in {first_cell} is an amount or a "
        "direction, and “{second}” in {second_cell} is in one of two columns for amounts: "
        "keep one of the two ways.", {"second": show_digits},
        signed=N_("The sheet says the direction in two ways: by a word, as “{first}” in {first_cell}, and by a sign, "
            "as “{second}” in {second_cell}: keep one of the two ways.")),
    "signed-amounts": _error("There is no direction column, but the amount “{value}” in {at} has a sign: "
        "say with --signed that minus means remove, or add a direction column."),
    "rows-hidden": _error("Hidden rows hold movements ({rows}): show or delete them, "
        "or add --include-hidden to run them as well."),
    "rows-hidden-included": _warning("Hidden rows are included, as was asked ({rows})."),
    "column-hidden": _error("The column with the {column} ({letters}) is hidden: show it, "
        "or add --include-hidden to use it as it is."),
    "column-hidden-included": _warning("The hidden column {letters} is used for the {column}, as was asked."),
    "format-not-evaluated": _error("A conditional format strikes through or hides cells by a rule that this program "
        "does not evaluate ({areas}): delete the rows that are not to run, and take the format away."),
    "total-agrees": _note("The total of {stated} in {at} agrees with the rows.",
        added=N_("The total of {stated} to add in {at} agrees with the rows."),
        removed=N_("The total of {stated} to remove in {at} agrees with the rows."),
        net=N_("The total of {stated} in {at} agrees with the rows: what is added less what is removed.")),
    "total-wrong": _error("The total in {at} says {stated}, but the rows add up to {found}: "
        "look for a row that is missing, doubled or mistyped, or correct the total.",
        added=N_("The total in {at} says that {stated} are added, but the rows add {found}: "
            "look for a row that is missing, doubled or mistyped, or correct the total."),
        removed=N_("The total in {at} says that {stated} are removed, but the rows remove {found}: "
            "look for a row that is missing, doubled or mistyped, or correct the total."),
        net=N_("The total in {at} says {stated}, but what the rows add less what they remove is {found}: "
            "look for a row that is missing, doubled or mistyped, or correct the total.")),
    "subtotals-agree": _note("Subtotals ({below}) agree with their rows and are left out."),
    "subtotal": _error("The subtotal in {at} says {stated}, but the rows above it add up to {found}: "
        "look for a row that is missing, doubled or mistyped, or correct the subtotal."),
    "count-agrees": _note("The sheet says how many rows it has ({stated}), and that is right.", _COUNTS),
    "count-wrong": _error("Row {row} says how many rows the sheet has ({stated}), but it has {found}: "
        "look for a row that is missing or doubled, or correct the number.", _COUNTS),
    "headings": _note("Rows that hold only words ({below}, beginning with “{value}”) are taken for headings, "
        "not for movements, and are left out."),
    "total-unreadable": _error("The total in {at} (“{value}”) is not a number that can be compared with the rows: "
        "save the workbook in Excel once more, write the number, or delete the row."),
    "text-below": _note("The text below the total, in row {below}, is no movement and is left out.",
        table=N_("Rows that stand apart below the table hold only words ({below}, beginning with “{value}”), "
            "and neither an amount nor a direction: they are taken for a note, not for movements, and are left out.")),
    "rows-missing": _error("There is a header in row {header} but no row below it: add one for each movement."),
    "expected-rows": _error("The number of rows that would be sent is {found}, but {expected} was expected: "
        "compare with your list (rows with an error are not counted).", _COUNTS),
    "expected-added": _error("{found} would be added but {expected} was expected: "
        "compare with your total (rows with an error are not counted)."),
    "expected-removed": _error("{found} would be removed but {expected} was expected: "
        "compare with your total (rows with an error are not counted)."),
    "file-name-again": _warning("A file named {file} was run on {day} as batch {batch}, with other content: "
        "do not pay it twice."),
    "movements-again": _warning("All movements but one were run on {day} as batch {batch}: "
        "make sure that this month is not paid twice.",
        counted=N_("Movements of this sheet ({count} in all, rows {rows}) were run on {day} as batch {batch}: "
            "make sure that they are not paid twice.")),
    "already-run": _error("Movements of this sheet ({count} of {all}, rows {rows}) were already run ({batches}): "
        "it is the same list, so take the right one, "
        "or say with --again and a reason that they are to be paid a second time."),
    "run-again": _warning("Movements of this sheet ({count} of {all}, rows {rows}) were already run ({batches}), "
        "and are paid a second time, as was asked."),
    "paid-elsewhere": _error("Adds of this sheet seem to have been paid already, not by this ledger ({count} of the "
        "{all} whose balance is known from before: {accounts}): look on the provider's site who paid them, "
        "or say with --again and a reason that they are to be paid a second time."),
    "balances-rose": _warning("Sub-accounts hold more than this ledger last knew ({accounts}), "
        "and no batch of it explains that: make sure that nobody has paid them already."),
    # A corrected sheet, sent again with --only-unsettled.
    "rows-done-before": _warning("These rows were done in batch {batch} and are left out: {rows}."),
    "row-was-done": _error("Row {row} of batch {batch} is done ({direction} {amount}, {token}), "
        "and this row seems to be that one with changes, which would pay it twice: put it back as it was, "
        "and write what is to be paid besides in a row of its own.",
        alike=N_("Row {row} of batch {batch} is done ({direction} {amount}, {token}) and is not in this sheet any "
            "more, and this new row asks for the same with another token, which may pay it twice: put that row back "
            "as it was (it is not sent again), and keep this one only if it is to be paid besides.")),
    "done-rows-gone": _warning("Rows of batch {batch} that are done are not in this sheet any more ({rows}): "
        "put them back as they were if they are meant to be there."),
    "unsent-rows-gone": _warning("Rows of batch {batch} that were never sent are not in this sheet ({rows}): "
        "they will not be sent."),
    "batch-closed": _warning("Batch {batch} has not ended: once this sheet is run it is closed, "
        "and cannot be resumed any more."),
    # The token.
    "token-missing": _error("The token is missing: name the sub-account."),
    "token-digits-lost": _error("The token is stored as a number of more than 15 digits ({value}), "
        "so Excel has already replaced its last digits: format the cell as text and type the token again."),
    "token-scientific": _error("The token “{value}” is in scientific notation, so Excel has shortened it: "
        "format the cell as text and type the token again."),
    "token-zeros-lost": _error("There is no sub-account “{value}”, but there is “{candidate}”: "
        "Excel drops leading zeros, so format the cell as text and type the token again."),
    "token-not-text": _error("The token is the number {value}, which no token is: "
        "format the cell as text and type the token again."),
    "token-date": _error("The token is a date ({value}): format the cell as text and type the token again."),
    "token-boolean": _error("The token is {value}, a truth value: format the cell as text and type the token again."),
    "token-error": _error("The token is the error {value} of a formula: correct the formula, or type the token."),
    "token-formula": _error("The token is a formula without a saved result (“{value}”): "
        "open the workbook in Excel and save it, or type the token."),
    "token-as-shown": _warning("The token is stored as the number {stored_as}: it is read as it is shown, “{value}”."),
    "token-shown-otherwise": _error("The token is stored as {stored_as} but shown as “{value}”: "
        "format the cell as text and type the token again."),
    "token-too-long": _error("The token has {length} characters, more than the {limit} that any token has: "
        "type the token again."),
    "token-invisible": _warning("The token has needless spaces or invisible characters ({characters}): "
        "it is read as “{value}”."),
    "token-with-decimals": _warning("The token is written as the number {written}, "
        "as programs do that take tokens for numbers: it is read as “{value}”."),
    "token-unknown": _error("The account has no sub-account “{value}”: check the token.",
        near=N_("The account has no sub-account “{value}”: check the token. Did you mean “{near}”?"),
        same=N_("The account has no sub-account “{value}”: check the token. Did you mean “{near}”, "
            "which differs only by spaces or capitals?")),
    # The amount.
    "amount-missing": _error("The amount is missing: write how many euros are to move."),
    "amount-not-a-number": _error("The amount “{value}” is not a number of euros: write it like 1234.50."),
    "amount-date": _error("The amount is a date ({value}): format the cell as a number and type the amount again."),
    "amount-boolean": _error("The amount is {value}, a truth value: write how many euros are to move."),
    "amount-error": _error("The amount is the error {value} of a formula: correct the formula, or type the amount."),
    "amount-formula": _error("The amount is a formula without a saved result (“{value}”): "
        "open the workbook in Excel and save it, or type the amount."),
    "amount-percentage": _error("The amount “{value}” is a percentage: write how many euros are to move."),
    "amount-shown-rounded": _error("The amount is stored as {stored_as} but shown as “{value}”: "
        "round it with a formula, or let the cell show all its decimals."),
    "amount-other-unit": _error("The amount is shown as “{value}”, in something other than euros: "
        "write euros and format the cell as a number."),
    "cell-not-shown": _error("The cell holds {value} but its format shows nothing: give the cell an ordinary format, "
        "or empty it."),
    "cell-covered": _error("The cell holds {value}, but the merged cell {over} covers it and nobody sees it: "
        "take the merged cell apart, or empty this one."),
    "cell-struck": _error("The {column} is struck through: delete the row, or take the strikethrough away."),
    "amount-zero": _error("The amount is zero: write how many euros are to move, or delete the row."),
    "amount-negative": _error("The amount {value} is negative: write it without a sign and say add or remove in the "
        "direction column."),
    "amount-decimals": _error("The amount {value} has more than three decimals, which the provider does not keep: "
        "round it."),
    "amount-ambiguous": _error("The amount “{value}” could be {first} or {second}: store it as a number, "
        "or write {first_as} or {second_as}.", {"first": show_digits, "second": show_digits}),
    "amount-too-large": _error("The amount {value} is too large to be an amount of credit: check it."),
    "currency-other": _error("The currency is “{value}”, but only euros are paid: write the amount in euros and EUR, "
        "or delete the row.",
        blank=N_("The currency is missing, but other rows are not in euros: write EUR if this amount is in euros.")),
    # The direction.
    "direction-missing": _error("The direction is missing: write add or remove."),
    "direction-unknown": _error("The direction “{value}” is not known: write add or remove."),
    "direction-date": _error("The direction is a date ({value}): write add or remove."),
    "direction-boolean": _error("The direction is {value}, a truth value: write add or remove."),
    "direction-error": _error("The direction is the error {value} of a formula: write add or remove."),
    "direction-formula": _error("The direction is a formula without a saved result (“{value}”): "
        "open the workbook in Excel and save it, or write add or remove."),
    "sign-contradicts": _error("The amount {value} has the sign “{sign}” but the direction says {direction}: "
        "correct one of them."),
    # A pair of columns instead of an amount and a direction.
    "pair-empty": _error("Neither “{added}” nor “{removed}” has an amount: fill in one of them, or delete the row."),
    "pair-both": _error("Both “{added}” and “{removed}” have an amount: fill in one of them, in rows of their own."),
    "pair-negative": _error("The amount {value} is negative: write it without a sign in the column “{added}” or "
        "“{removed}”."),
    # The row.
    "row-too-long": _error("The row has more cells than the header has titles, "
        "as when an amount such as 12,50 is cut at a comma that also separates the columns: "
        "put such amounts in quotation marks, or give the last column a title."),
    "row-duplicate": _warning("This row says the same as row {first}: delete one of them unless both are meant."),
}  # fmt: skip
