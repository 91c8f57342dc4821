"""Pages of a long list, and the headings that sort it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

PAGE = 50


_NUMBERS = frozenset({"row", "amount"})


@dataclass(frozen=True, slots=True)
class Heading:
    """A column that can be sorted by: its name in the address, its title, and how it is sorted now (`aria-sort`)."""

    name: str
    title: str
    now: str

    @property
    def is_number(self) -> bool:
        """Tell whether it stands to the right."""
        return self.name in _NUMBERS

    @property
    def direction(self) -> str:
        """Give the direction that its link asks for."""
        return "desc" if self.now == "ascending" else "asc"

    @property
    def signed_name(self) -> str:
        """Give name and direction in one."""
        return f"-{self.name}" if self.now == "ascending" else self.name


def make_headings(titles: Mapping[str, str], chosen: str, *, is_descending: bool) -> list[Heading]:
    """Make the headings of a list that is sorted by the chosen one."""
    now = "descending" if is_descending else "ascending"
    return [Heading(name, title, now if name == chosen else "none") for name, title in titles.items()]


def paginate(request: HttpRequest, entries: QuerySet[Any] | Sequence[Any]) -> Page[Any]:
    """Give the page that the address asks for: the first for what is no number, the last for one that is not there."""
    return Paginator(entries, PAGE).get_page(request.GET.get("page"))
