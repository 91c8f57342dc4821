"""What the forms of these pages send, read and checked; a `UsageError` says what cannot be understood."""

from __future__ import annotations

from dataclasses import replace

from django.http import QueryDict

from batch.errors import UsageError
from batch.language import _
from batch.model import Role
from batch.web.drafts.conventions import Conventions, control_amount, control_rows
from batch.web.drafts.digest import Options

COLUMN = "column-"
"""A select for each role, by its name."""
_LONGEST_SHEET = 200
_LONGEST_TITLE = 300
_LONGEST_WHY = 1000
_LONGEST_PERIOD = 60


def conventions_of(posted: QueryDict, before: Conventions) -> Conventions:
    """How the sheet is to be read; the columns are only those that the form asks for."""
    columns = before.columns
    if any(name.startswith(COLUMN) for name in posted):
        chosen = {role.value: posted.get(COLUMN + role.value, "").strip()[:_LONGEST_TITLE] for role in Role}
        columns = {role: title for role, title in chosen.items() if title}
    return replace(
        before,
        sheet=posted.get("sheet", "").strip()[:_LONGEST_SHEET] or None,
        columns=columns,
        signed="signed" in posted,
        include_hidden="include_hidden" in posted,
        rows=control_rows(posted.get("rows", "")),
        added=control_amount(posted.get("added", "")),
        removed=control_amount(posted.get("removed", "")),
    )


def options_of(posted: QueryDict) -> Options:
    """What is chosen for the run; running the same once more needs a reason."""
    again, why = "again" in posted, posted.get("why", "").strip()[:_LONGEST_WHY]
    if again and not why:
        raise UsageError(_("Say why it is to be paid although it seems to have been paid."))
    return Options(
        skip_invalid="skip_invalid" in posted,
        partial="partial" in posted,
        removes_first="removes_first" in posted,
        again=again,
        why=why if again else "",
        period=" ".join(posted.get("period", "").split())[:_LONGEST_PERIOD],
    )
