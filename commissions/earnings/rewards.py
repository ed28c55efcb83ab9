"""The reward column of lists of referrals: one statement for a page of them."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext

from commissions.overrides.rules import Override, version_priced
from commissions.plans.rules import Facts, Rule, Version, drafts_for
from commissions.plans.terms import Policy, Terms
from prm.accounts.capabilities import Capability
from prm.accounts.members import Member
from prm.money import Money
from referrals.pipeline.models import CLOSED_KINDS
from referrals.pipeline.panels import Reward, fills

# What was earned per referral, the published terms of their programs and the exceptions, as three kinds of lines.
_KNOWN = """
select 'earned', referral_id, to_jsonb(sum(amount_minor - clawed_minor)::bigint)
  from commissions_accrual where referral_id = any(%(ids)s) {own} group by referral_id
union all
select 'terms', v.program_id, jsonb_build_object(
         'id', v.id, 'number', v.number, 'currency', v.currency, 'starts_at', v.starts_at, 'ends_at', v.ends_at,
         'hold_days', v.hold_days, 'minimum_payout_minor', v.minimum_payout_minor, 'policy', v.policy,
         'rules', (select coalesce(jsonb_agg(jsonb_build_object(
             'id', u.id, 'trigger', u.trigger, 'reward', u.reward, 'amount_minor', u.amount_minor, 'rate', u.rate::text,
             'scope', u.scope, 'months', u.months, 'label', u.label, 'terms', u.terms) order by u.position, u.id), '[]')
           from commissions_plan_rule u where u.version_id = v.id))
  from commissions_plan_version v where v.program_id = any(%(programs)s) and v.published_at is not null
union all
select 'own', o.program_id, jsonb_build_object('id', o.id, 'partner_id', o.partner_id, 'starts_at', o.starts_at,
         'ends_at', o.ends_at, 'rate', o.rate::text, 'event', o.event, 'version_id', o.version_id)
  from commissions_plan_override o where o.program_id = any(%(programs)s) and o.state = 'approved'
"""
_CLOSED = frozenset(kind.value for kind in CLOSED_KINDS)


class Promised(Protocol):
    """What of a referral its reward depends on; the deal is in minor units of the currency."""

    id: UUID
    program_id: UUID
    partner_id: UUID | None
    stage_kind: str
    registered_at: datetime
    deal_minor: int | None
    currency: str


@fills("referral.rewards")
def rewards_of(referrals: Sequence[Promised], member: Member) -> dict[UUID, Reward]:
    """Return what each referral has earned, else what it would earn if won, in minor units; one query for all.

    Nothing for people without sight of money. The referrals are ones the member may see.
    """
    if not member.may(Capability.SEE_MONEY if member.is_staff else Capability.SEE_EARNINGS):
        return {}
    earned, terms, own = _known(referrals, member)
    words = {"earned": gettext("earned"), "if won": gettext("if won")}
    found = {}
    for row in referrals:
        if row.id in earned:
            found[row.id] = Reward(earned[row.id], row.currency, words["earned"])
        elif _may_earn(row):
            version = version_priced(
                terms.get(row.program_id, []),
                own.get((row.program_id, row.partner_id), []),
                row.registered_at,
            )
            minor = minor_if_won(row, version) if version else 0
            if minor:
                found[row.id] = Reward(minor, row.currency, words["if won"])
    return found


def minor_if_won(referral: Promised, version: Version) -> int:
    """Return what the referral's deal would earn as its first payment, booked today, in minor units."""
    if not referral.deal_minor or referral.currency != version.currency:
        return 0
    deal, day = Money(referral.deal_minor, referral.currency), timezone.localdate()
    name = str(referral.id)
    events = (
        Facts("won", deal, day, referral=name, deal_minor=deal.minor),
        Facts("revenue", deal, day, 1, day, referral=name, kind="sale", deal_minor=deal.minor),
    )
    return sum(draft.amount.minor for facts in events for draft in drafts_for(facts, version))


def _may_earn(row: Promised) -> bool:
    return row.stage_kind not in _CLOSED and bool(row.deal_minor)


def _known(
    referrals: Sequence[Promised], member: Member
) -> tuple[
    dict[UUID, int], dict[UUID, list[Version]], dict[tuple[UUID, UUID | None], list[Override]]
]:
    """Return what was earned by referral, and terms by program and exceptions by partner where they are asked for."""
    values: dict[str, Any] = {
        "ids": [row.id for row in referrals],
        "programs": list({row.program_id for row in referrals if _may_earn(row)}),
        "partner": member.partner_id,
    }
    earned: dict[UUID, int] = {}
    terms: dict[UUID, list[Version]] = defaultdict(list)
    mine = "" if member.is_staff else "and partner_id = %(partner)s"
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN.format(own=mine), values)
        rows = [(part, key, json.loads(stored)) for part, key, stored in cursor.fetchall()]
    for part, key, facts in rows:
        if part == "earned":
            earned[key] = facts
        elif part == "terms":
            terms[key].append(_version(facts))
    own: dict[tuple[UUID, UUID | None], list[Override]] = defaultdict(list)
    versions = {str(version.id): version for found in terms.values() for version in found}
    for part, key, facts in rows:
        if part == "own":
            own[key, UUID(facts["partner_id"])].append(_override(facts, versions))
    return earned, terms, own


def _version(stored: dict[str, Any]) -> Version:
    moments = {
        name: datetime.fromisoformat(stored[name]) if stored[name] else None
        for name in ("starts_at", "ends_at")
    }
    rules = tuple(
        Rule(
            **{
                **rule,
                "rate": Decimal(rule["rate"]) if rule["rate"] else None,
                "terms": Terms.from_json(rule["terms"]),
            }
        )
        for rule in stored["rules"]
    )
    policy = Policy.from_json(stored["policy"])
    return Version(
        **{**stored, **moments, "id": UUID(stored["id"]), "rules": rules, "policy": policy}
    )


def _override(stored: dict[str, Any], versions: dict[str, Version]) -> Override:
    return Override(
        id=UUID(stored["id"]),
        starts_at=datetime.fromisoformat(stored["starts_at"]),
        ends_at=datetime.fromisoformat(stored["ends_at"]),
        rate=Decimal(stored["rate"]) if stored["rate"] else None,
        event=stored["event"],
        version=versions.get(stored["version_id"]) if stored["version_id"] else None,
    )
