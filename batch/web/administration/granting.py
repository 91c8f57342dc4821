"""Which changes to a person an administrator may make. Pure: nobody grants a role they lack, locks themselves out, or
takes over the account of somebody who may do more than they.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from batch.language import _
from batch.web.access import Role


def objection(
    editor: AbstractSet[Role], before: AbstractSet[Role], after: AbstractSet[Role], *, is_self: bool
) -> str | None:
    """Why the editor may not make this change; None if they may. Somebody deactivated has no roles at all."""
    if (after - before) - editor:
        return _("You can only grant roles that you have yourself.")
    if is_self and Role.VIEWER not in after:
        return _("You cannot deactivate yourself: another administrator can.")
    if is_self and Role.ADMINISTRATOR not in after:
        return _("You cannot take the administrator's role from yourself: another administrator can.")
    return None


def may_help_in(editor: AbstractSet[Role], person: AbstractSet[Role]) -> bool:
    """Whether the editor may give out a link for this person's password or remove their authenticator."""
    return person <= editor
