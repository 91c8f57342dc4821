"""What only these pages need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import override_settings


@pytest.fixture
def settings_of_demo(site: object) -> Iterator[None]:
    """The site as `serve --demo` starts it."""
    with override_settings(CREDITBATCH_DEMO=True):
        yield
