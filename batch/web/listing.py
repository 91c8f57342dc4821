"""Pages of a long list: what the address says of sorting, filtering and where we are, and the links that change it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest

PAGE = 50
_LAST_PAGE = 1_000_000


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list: `matching` on all pages, `start` and `end` of this one (from 1), the neighbours' links."""

    matching: int
    start: int
    end: int
    previous: str | None
    next: str | None


def page_number(request: HttpRequest) -> int:
    """The page asked for, from 1; anything that is no number is the first."""
    text = request.GET.get("page", "1")
    return min(max(int(text), 1), _LAST_PAGE) if text.isascii() and text.isdigit() and len(text) < 8 else 1


def offset(request: HttpRequest) -> int:
    """How many entries come before the page asked for."""
    return (page_number(request) - 1) * PAGE


def listing(request: HttpRequest, matching: int, shown: int) -> Listing:
    """Where this page is among all, with links that keep the filters."""
    here, before = page_number(request), offset(request)
    return Listing(
        matching=matching,
        start=before + 1 if shown else 0,
        end=before + shown,
        previous=link(request, page=str(here - 1)) if here > 1 else None,
        next=link(request, page=str(here + 1)) if before + shown < matching else None,
    )


def link(request: HttpRequest, **changed: str) -> str:
    """The address of this list with some of its parameters changed; an empty one is left out."""
    parameters = {name: value for name, value in request.GET.items() if name != "page"} | changed
    return "?" + urlencode({name: value for name, value in parameters.items() if value})
