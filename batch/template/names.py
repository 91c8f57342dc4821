"""The names of the template's sheets."""

from __future__ import annotations

from dataclasses import dataclass

from batch.language import _


@dataclass(frozen=True, slots=True)
class Names:
    """As they stand on the tabs."""

    instructions: str
    listing: str
    accounts: str

    @classmethod
    def here(cls) -> Names:
        """In the language in force."""
        return cls(_("How to fill in"), _("Credits"), _("Sub-accounts"))
