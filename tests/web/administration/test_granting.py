"""Which changes to people are allowed: all combinations."""

from __future__ import annotations

from itertools import chain, combinations

import pytest

from batch.web.access import Role
from batch.web.administration.views import find_objection, may_help

_EXTRA = (Role.PREPARER, Role.APPROVER, Role.ADMINISTRATOR)
_ALL = [
    frozenset({Role.VIEWER, *some}) for some in chain.from_iterable(combinations(_EXTRA, number) for number in range(4))
]
_EDITORS = [roles for roles in _ALL if Role.ADMINISTRATOR in roles]


@pytest.mark.parametrize("editor", _EDITORS)
@pytest.mark.parametrize("before", [frozenset(), *_ALL])
@pytest.mark.parametrize("after", [frozenset(), *_ALL])
def test_nobody_grants_a_role_they_lack(
    editor: frozenset[Role], before: frozenset[Role], after: frozenset[Role]
) -> None:
    allowed = find_objection(editor, before, after, is_self=False) is None
    assert allowed is all(role in editor for role in after - before)


@pytest.mark.parametrize("editor", _EDITORS)
@pytest.mark.parametrize("after", [frozenset(), *_ALL])
def test_nobody_locks_themselves_out(editor: frozenset[Role], after: frozenset[Role]) -> None:
    if find_objection(editor, editor, after, is_self=True) is None:
        assert Role.ADMINISTRATOR in after
        assert after <= editor


def test_help_with_a_password_is_not_a_way_to_a_role() -> None:
    plain = frozenset({Role.VIEWER, Role.ADMINISTRATOR})
    assert may_help(plain, frozenset({Role.VIEWER}))
    assert not may_help(plain, frozenset({Role.VIEWER, Role.APPROVER}))
