"""What the audit log says for each action. The log keeps the codes, which are the same in every language."""

from __future__ import annotations

from batch.euros_shown import euros
from batch.language import N_, _
from batch.money import from_thousandths

ACTIONS = {
    "authenticator.enrolled": N_("enrolled an authenticator"),
    "authenticator.removed": N_("removed their authenticator"),
    "authenticator.reset": N_("removed somebody's authenticator"),
    "batch.abandoned": N_("gave a batch up"),
    "batch.decided": N_("decided about a row in doubt"),
    "batch.downloaded": N_("downloaded a file of a batch"),
    "batch.resumed": N_("resumed a batch"),
    "batch.stopped": N_("asked a batch to stop"),
    "confirmation.failed": N_("entered a wrong confirmation"),
    "connection.changed": N_("changed the connection"),
    "connection.refused": N_("entered a key that the provider refused"),
    "connection.tested": N_("tested the connection"),
    "draft.approved": N_("approved a draft"),
    "draft.changed_before_approval": N_("approved a draft that had changed, which did not count"),
    "draft.checked": N_("checked a draft again"),
    "draft.corrected": N_("corrected a cell of a draft"),
    "draft.file_replaced": N_("replaced the file of a draft"),
    "draft.made_of_rest": N_("made a draft of what is not done"),
    "draft.options": N_("changed the options of a draft"),
    "draft.read_anew": N_("changed how a draft's sheet is read"),
    "draft.rejected": N_("rejected or withdrew a draft"),
    "draft.started": N_("started a draft"),
    "draft.unscheduled": N_("took back a start"),
    "draft.upload_refused": N_("uploaded a file that was refused"),
    "draft.uploaded": N_("uploaded a sheet"),
    "link.made": N_("made a one-time link"),
    "link.used": N_("used a one-time link"),
    "log.exported": N_("exported the audit log"),
    "login.done": N_("logged in"),
    "login.failed": N_("failed to log in"),
    "logout.done": N_("logged out"),
    "mail.failed": N_("mail could not be sent"),
    "password.changed": N_("changed their password"),
    "person.added": N_("added a person"),
    "person.changed": N_("changed a person"),
    "profile.changed": N_("changed their own settings"),
    "settings.changed": N_("changed the settings"),
}


_AMOUNTS = {"row_limit", "batch_limit"}
"""Kept in thousandths of a euro."""


def action_words(action: str) -> str:
    """What somebody did, in words; the code itself where there are none."""
    return _(ACTIONS[action]) if action in ACTIONS else action


def particulars_words(particulars: dict[str, object]) -> str:
    """The particulars in one line."""
    return "; ".join(f"{name}: {_value(value, is_amount=name in _AMOUNTS)}" for name, value in particulars.items())


def _value(value: object, *, is_amount: bool = False) -> str:
    match value:
        case [before, after]:
            return f"{_value(before, is_amount=is_amount)} → {_value(after, is_amount=is_amount)}"
        case list():
            return ", ".join(map(_value, value))
        case bool():
            return _("yes") if value else _("no")
        case None | "":
            return "–"
        case int() if is_amount:
            return euros(from_thousandths(value))
        case _:
            return str(value)
