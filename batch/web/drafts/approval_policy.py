"""What an approver has to see, the digest that names exactly that, and who may approve.

Balances drift while accounts send SMS, so the digest has only what they come to: rows refused, whole euros to top up.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from batch.findings import Finding
from batch.i18n import _
from batch.model import Movement
from batch.money import encode_thousandths, from_thousandths, to_thousandths
from batch.planning.account_identity import normalize_address, normalize_name
from batch.report.agreements import SAME_PERSON
from batch.report.result_labels import predict_code
from batch.runner.dry_run import DryRun
from batch.settings import Choices
from batch.web.models import Version
from batch.web.rules import RulesInForce

_DIGEST_VERSION = "creditbatch screen 2\n"
"""Version 1 did not name the account: what was approved by it is approved again before it is started."""
_DRIFTING = frozenset({"balances-rose"})  # findings that come and go with balances, and keep nothing from being sent
_WORDLESS = ("batch", "batches", "rows", "row")
"""Parameters of findings that are the same in every language; others are worded, and follow from the sheet."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the preparer chose for the run."""

    skip_invalid: bool = False
    partial: bool = False
    removes_first: bool = False
    again: bool = False
    why: str = ""
    period: str = ""

    def make_choices(self, rest_of: str = "") -> Choices:
        """Make what the runner takes; `rest_of` is the batch of which only what is not done is sent."""
        return Choices(
            skip_invalid=self.skip_invalid,
            partial=self.partial,
            again=self.again,
            why=self.why or None,
            only_unsettled=rest_of or None,
            period=self.period or None,
        )

    def to_json(self) -> dict[str, Any]:
        """Convert them for the database. What was approved before there were periods names none."""
        return {name: value for name, value in asdict(self).items() if name != "period" or value}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Options:
        """Read what `to_json` gave; of what is missing, the default."""
        return cls(**{name: kept[name] for name in cls.__slots__ if name in kept})


@dataclass(frozen=True, slots=True)
class Screen:
    """All of a dry run that a person agrees to."""

    plan: str
    order: str  # over the movements with their rows, in the order in which they are sent
    movements: int
    added: Decimal
    removed: Decimal
    invalid: int
    findings: tuple[str, ...]  # of the sheet as a whole
    is_forecast: bool
    refused: int
    refusals: str  # over the rows that would be refused, each with its code
    top_up: int  # whole euros
    account: str = ""  # its owner's name
    address: str = ""  # where it is, in normal form; empty: the provider could not be asked, or by version 1

    def to_json(self) -> dict[str, Any]:
        """Convert it for the database and the digest."""
        amounts = {"added": to_thousandths(self.added), "removed": to_thousandths(self.removed)}
        return {**asdict(self), **amounts, "findings": list(self.findings)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Screen:
        """Read what `to_json` gave."""
        euros = {name: from_thousandths(kept[name]) for name in ("added", "removed")}
        return cls(**{**kept, **euros, "findings": tuple(kept["findings"])})

    @property
    def account_words(self) -> str:
        """Whose account it is, and where."""
        return f"{self.account} ({self.address})" if self.account else self.address

    def is_same_account(self, other: Screen) -> bool:
        """Tell whether both are for one account: a renewed key opens the same."""
        mine, its = ((screen.address, normalize_name(screen.account)) for screen in (self, other))
        return mine == its


def make_screen(dry_run: DryRun) -> Screen:
    """Make what a person has to see of a dry run."""
    plan, played, account = dry_run.plan, dry_run.forecast, dry_run.account
    refusals = played.refusals if played else ()
    return Screen(
        plan=plan.digest,
        order=_digest_lines(map(_encode_movement, plan.movements)),
        movements=len(plan.frame),
        added=plan.added,
        removed=plan.removed,
        invalid=dry_run.invalid_rows,
        findings=tuple(_encode_finding(finding) for finding in dry_run.sheet.findings if finding.code not in _DRIFTING),
        is_forecast=played is not None,
        refused=len(refusals),
        refusals=_digest_lines(f"{refusal.row}\t{predict_code(refusal)}\n" for refusal in refusals),
        # Rounded up: so it suffices, and does not change with every SMS.
        top_up=math.ceil(played.top_up) if played else 0,
        account=account.name if account else "",
        address=normalize_address(account.api_url) if account else "",
    )


def digest_screen(screen: Screen, options: Options) -> str:
    """Digest what is on the screen: when a draft is checked, when it is approved, and when it is started."""
    shown = {**screen.to_json(), "account": normalize_name(screen.account)}
    seen = json.dumps([shown, options.to_json()], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256((_DIGEST_VERSION + seen).encode()).hexdigest()


def _digest_lines(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode())
    return digest.hexdigest()


def _encode_movement(movement: Movement) -> str:
    return f"{movement.row}\t{movement.token}\t{movement.direction}\t{encode_thousandths(movement.amount)}\n"


def _encode_finding(finding: Finding) -> str:
    named = [f"{name}={finding.params[name]}" for name in _WORDLESS if name in finding.params]
    return " ".join([finding.code, finding.cell or "", *named])


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a draft and the person who looks at it stand, as far as approving it goes."""

    is_checked: bool  # it waits for correction or for approval
    is_approver: bool
    is_author: bool  # the person uploaded it, or made any of its versions
    is_alone: bool  # nobody else can log in, and an administrator has relaxed the four eyes for that
    has_approved: bool
    approvals: int  # how many have approved what is on the screen
    needed: int


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who has approved it, as they stand now."""

    name: str
    is_approver: bool
    is_author: bool


def count_needed_approvals(version: Version, rules: RulesInForce) -> int:
    """Count who must approve: two where a row or the whole is above a limit and nobody is alone, else one."""
    is_above = rules.limits.is_exceeded(version.largest, version.added + version.removed)
    return 2 if is_above and not rules.is_alone else 1


def list_relaxations(version: Version, rules: RulesInForce, *, is_author: bool) -> list[str]:
    """List the rules that are relaxed for whoever approves it now, as codes of `report.agreements`."""
    amounts = version.largest, version.added + version.removed
    found = {
        "four-eyes-off": rules.is_alone,
        SAME_PERSON: is_author,
        "one-approver": rules.is_alone and rules.limits.is_exceeded(*amounts),
        "raised-limits": rules.lowest.is_exceeded(*amounts) and not rules.limits.is_exceeded(*amounts),
    }
    return [code for code, is_relaxed in found.items() if is_relaxed]


def find_lapse(holders: Sequence[Holder], needed: int, *, is_alone: bool) -> str:
    """Say why what was approved may not be started any more; empty if it may."""
    for holder in holders:
        if not holder.is_approver:
            sentence = _("{who}, who approved it, is not an approver any more: it has to be approved again.")
            return sentence.format(who=holder.name)
        if holder.is_author and not is_alone:
            sentence = _(
                "{who} worked on it and approved it while four eyes were switched off; they are in force again, so "
                "somebody else has to approve it."
            )
            return sentence.format(who=holder.name)
    if len(holders) < needed:
        return _("An amount is above a limit that holds now, so two people have to approve it: it waits for them.")
    return ""


def find_hindrance(standing: Standing) -> str:
    """Say why the person may not approve; empty if they may."""
    if not standing.is_approver:
        return _("Only approvers approve; your role does not include it.")
    if not standing.is_checked:
        return _("It does not wait for approval any more.")
    # Once a limit was raised the approvals that are there may suffice: then one of them is given anew.
    if standing.has_approved and standing.approvals < standing.needed:
        return _("You have approved this already.")
    if standing.is_author and not standing.is_alone:
        return _("You have worked on this sheet yourself, so somebody else has to approve it (four eyes).")
    return ""


def find_account_change(seen: Screen, now: Screen) -> str:
    """Say that an approver saw another account than the one in force, or was not shown any; empty if neither is so."""
    if not now.address or seen.is_same_account(now):
        return ""
    if seen.address:
        sentence = _(
            "It was checked for the account {before}, and the key in force opens {after}: review it and approve it for "
            "that account."
        )
        return sentence.format(before=seen.account_words, after=now.account_words)
    if seen.is_forecast:
        return _("It was checked before approvals named the account: review it and approve it once more.")
    return ""


def compare_screens(seen: Screen, now: Screen) -> list[str]:
    """Say what is different from what an approver saw of the account, in the order in which it matters."""
    found = {
        _("other rows would be sent"): (seen.order, seen.invalid) != (now.order, now.invalid),
        _("the provider can be asked again, or cannot be asked any more"): seen.is_forecast != now.is_forecast,
        _("other rows would be refused"): seen.refusals != now.refusals,
        _("another amount is to be topped up"): seen.top_up != now.top_up,
        _("the findings about the sheet as a whole are others"): seen.findings != now.findings,
    }
    return [change for change, is_different in found.items() if is_different]
