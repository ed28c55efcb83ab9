"""Two entries of one organisation become one: what hangs on the duplicate follows the one that stays.

    from partners.directory.merging import Merge, on_merge

    @on_merge
    def carry(merge: Merge) -> None: ...

Each package moves its own rows in the transaction of the merge, and may refuse it by raising MergeRefused. What others
lock before they write rows that name a partner is locked by `before_merge`: the partners' own rows come last, as every
such row waits for them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from partners.directory.models import (
    ChangeCause,
    Enrollment,
    Partner,
    PartnerChange,
    PartnerGoal,
    PartnerProfile,
    PartnerState,
)
from partners.directory.moves import tenant_day
from prm.accounts.partner_places import move_partner_places
from prm.events.services import Actor, emit
from prm.notices.models import Notice
from prm.tenancy.scope import current_scope
from prm.uploads.models import Upload

PAIRS_SHOWN = 50
PROFILE_FIELDS = (
    "services",
    "industries",
    "regions",
    "languages",
    "contact_email",
    "contact_phone",
    "logo_id",
    "plan",
)


class MergeRefused(ValueError):
    """The two cannot be merged now; `words` says why, in the active language."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class SamePartner(ValueError):
    """A partner is not merged into itself, nor one that was merged before."""


@dataclass(frozen=True)
class Merge:
    """One merge: the duplicate that goes, the partner that stays."""

    from_id: UUID
    into_id: UUID
    actor: Actor
    at: datetime


Hook = Callable[[Merge], None]
_hooks: list[Hook] = []
_locks: list[Hook] = []


def on_merge(hook: Hook) -> Hook:
    """Register a package's part of a merge."""
    if hook not in _hooks:
        _hooks.append(hook)
    return hook


def before_merge(lock: Hook) -> Hook:
    """Register what a package locks before a merge, in the order in which packages stand above each other."""
    if lock not in _locks:
        _locks.append(lock)
    return lock


@transaction.atomic
def merge_partners(
    *, from_id: UUID, into_id: UUID, reason: str, actor: Actor, at: datetime
) -> Partner:
    """Merge a duplicate into the partner that stays, and return that one. It cannot be undone; a repeat does nothing.

    People, referrals, revenue, rewards, enrolments and the rest follow; where both have the same thing the staying
    partner's counts. Balances move by transfers, so that their sums stay. Accepted agreements, statements and payouts
    stay with the duplicate as history. Its name is free again, links to it lead on.
    Raises SamePartner, MergeRefused. Emits partner.merged.
    """
    merge = Merge(from_id, into_id, actor, at)
    for lock in _locks:
        lock(merge)
    rows = {
        row.id: row
        for row in Partner.objects.select_for_update()
        .filter(id__in=[from_id, into_id])
        .order_by("id")
    }
    gone, stays = rows[from_id], rows[into_id]
    if gone.merged_into_id == into_id:
        return stays
    if from_id == into_id or gone.merged_into_id or stays.merged_into_id:
        raise SamePartner(gone.name)
    before, gone.state, gone.merged_into = gone.state, PartnerState.ENDED, stays
    # The name is free for others; nobody finds this entry by it any more.
    gone.name_norm = f"merged:{gone.id}"
    gone.save(update_fields=["state", "merged_into", "name_norm"])
    # Old links take one step only.
    Partner.objects.filter(merged_into_id=from_id).update(merged_into_id=into_id)
    for hook in _hooks:
        hook(merge)
    _carry_own(merge)
    move_partner_places(
        tenant_id=current_scope().tenant_id,
        from_id=from_id,
        into_id=into_id,
        partner_name=stays.name,
        at=at,
    )
    _fill_gaps(gone, stays)
    PartnerChange.objects.create(
        partner_id=from_id,
        field=PartnerChange.Field.STATE,
        from_value=before,
        to_value=PartnerState.ENDED,
        effective_on=tenant_day(at),
        cause=ChangeCause.DUPLICATE,
        reason=reason.strip(),
        at=at,
        user_id=actor.user_id,
    )
    emit(
        "partner.merged",
        subject=f"partner:{into_id}",
        actor=actor,
        partner_id=into_id,
        payload={"partner_id": str(into_id), "from_id": str(from_id)},
        changes={"name": [gone.name, stays.name], "reason": ["", reason.strip()]},
        at=at,
    )
    return stays


def _carry_own(merge: Merge) -> None:
    """Move what the directory and the ground keep about the duplicate."""
    mine = {"partner_id": merge.from_id}
    taken = Enrollment.objects.filter(partner_id=merge.into_id).values("program_id")
    moving = Enrollment.objects.filter(**mine).exclude(program_id__in=taken)
    moving.update(partner_id=merge.into_id)
    PartnerGoal.objects.filter(**mine).update(partner_id=merge.into_id)
    _carry_profile(merge)
    # A withdrawn entry is not shown in the public directory.
    PartnerProfile.objects.filter(**mine).update(listed_at=None, listed_by=None)
    Notice.objects.filter(**mine).update(partner_id=merge.into_id)
    Upload.objects.filter(**mine).update(partner_id=merge.into_id)


def _carry_profile(merge: Merge) -> None:
    """Give the duplicate's profile to a partner without one; else fill what its own profile leaves empty."""
    gone = PartnerProfile.objects.filter(partner_id=merge.from_id).first()
    kept = PartnerProfile.objects.select_for_update().filter(partner_id=merge.into_id).first()
    if gone is None:
        return
    if kept is None:
        PartnerProfile.objects.filter(id=gone.id).update(partner_id=merge.into_id)
        return
    missing = [name for name in PROFILE_FIELDS if getattr(gone, name) and not getattr(kept, name)]
    for name in missing:
        setattr(kept, name, getattr(gone, name))
    about = {**gone.about, **{code: text for code, text in kept.about.items() if text}}
    if about != kept.about:
        kept.about = about
        missing.append("about")
    if set(missing) - {"plan"}:
        # What the vendor approved for the public directory has changed; it looks again.
        kept.approved_at = None
        missing.append("approved_at")
    if missing:
        kept.changed_at = merge.at
        kept.save(update_fields=[*missing, "changed_at"])


def _fill_gaps(gone: Partner, stays: Partner) -> None:
    """Take facts from the duplicate that the staying partner lacks."""
    fields = ("segment", "legal_name", "address", "country", "website", "domain", "tax_number")
    missing = [
        name for name in (*fields, "manager_id") if getattr(gone, name) and not getattr(stays, name)
    ]
    for name in missing:
        setattr(stays, name, getattr(gone, name))
    if missing:
        stays.save(update_fields=missing)


@dataclass(frozen=True)
class Pair:
    """Two partners that may be one organisation, and why: "domain", "tax_number" or "name"."""

    first: Partner
    second: Partner
    why: str


def likely_pairs(limit: int = PAIRS_SHOWN) -> list[Pair]:
    """Return pairs of partners with the same domain, tax number, or name but for the legal form; oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, {"tenant": current_scope().tenant_id, "limit": limit})
        found = cursor.fetchall()
    rows = Partner.objects.in_bulk({key for first, second, _ in found for key in (first, second)})
    return [Pair(rows[first], rows[second], why) for first, second, why in found]


_PAIRS = r"""
with facts as materialized (
  select id, created_at, domain, nullif(regexp_replace(lower(tax_number), '[^a-z0-9]', '', 'g'), '') as tax,
         nullif(regexp_replace(regexp_replace(name_norm, '\m(ltd|limited|gmbh|ag|srl|s\.r\.l\.?|spa|s\.p\.a\.?' ||
           '|inc|llc|plc|bv|b\.v\.?|sas|sarl|oy|ab|kg|co)\M\.?', '', 'g'), '[^[:alnum:]]', '', 'g'), '') as name
    from partners_partner where tenant_id = %(tenant)s and merged_into_id is null),
keys as (
  select id, created_at, 1 as rank, 'domain' as why, domain as key from facts where domain <> ''
  union all select id, created_at, 2, 'tax_number', tax from facts where tax is not null
  union all select id, created_at, 3, 'name', name from facts where name is not null),
twins as (
  select why, rank, key, (array_agg(id order by created_at, id))[1] as first,
         (array_agg(id order by created_at, id))[2] as second
    from keys group by why, rank, key having count(*) > 1)
select distinct on (first, second) first, second, why from twins order by first, second, rank limit %(limit)s
"""
