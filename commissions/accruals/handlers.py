"""What commissions do when something happened below: book, take back, tell."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext

from commissions.accruals import merging  # noqa: F401  registers itself
from commissions.accruals.crediting import recredit
from commissions.accruals.lapses import tell_return
from commissions.accruals.models import Accrual
from commissions.accruals.notices import tell_budget_reached, tell_earned, tell_reversed
from commissions.accruals.pinning import LOST
from commissions.accruals.points import forget_points
from commissions.accruals.queueing import book_waiting
from commissions.accruals.services import (
    CHUNK,
    accrue_chunk,
    accrue_for_events,
    accrue_for_receipts,
    accrue_for_referrals,
    claw_back_refund,
    claw_back_rest,
    release_due,
    restate_partners,
    restate_referrals,
)
from commissions.accruals.sources import QUALIFIED, REVENUE, WON, Pending, pending_ids
from commissions.plans.selectors import follows_loss
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.events.subscriptions import on
from prm.jobs.services import start_job
from referrals.attribution.crediting import lock_credits
from referrals.imports.hooks import UndoRefused, before_undo
from referrals.pipeline.models import Referral


@on("referral.stage_changed", name="accruals.accrue_qualified")
def accrue_qualified(event: Event) -> None:
    """A qualified referral earns its bonus, once."""
    if event.payload["to_kind"] == "qualified":
        ids = [UUID(event.payload["referral_id"])]
        accrue_for_referrals(kind=QUALIFIED, referral_ids=ids, actor=SYSTEM, at=event.at)


@on("referral.stage_changed", name="accruals.follow_loss")
def follow_loss(event: Event) -> None:
    """What a referral earned by qualifying follows its loss and its return, where the plan says so."""
    if {event.payload.get("from_kind"), event.payload["to_kind"]} & set(LOST) and follows_loss():
        ids = [UUID(event.payload["referral_id"])]
        restate_referrals(referral_ids=ids, actor=SYSTEM, at=event.at)


@on("referral.won", name="accruals.accrue_won")
def accrue_won(event: Event) -> None:
    """A win earns what the plan pays for wins."""
    accrue_for_referrals(
        kind=WON, referral_ids=[UUID(event.payload["referral_id"])], actor=SYSTEM, at=event.at
    )


@on("referral.won", name="accruals.tell_return")
def tell_active_again(event: Event) -> None:
    """A win may bring a partner back that had become inactive."""
    tell_return(referral_id=UUID(event.payload["referral_id"]), at=event.at)


@on("revenue.recorded", name="accruals.accrue_revenue")
def accrue_revenue(event: Event) -> None:
    """A payment earns what the plan pays on payments."""
    accrue_for_events(
        revenue_event_ids=[UUID(event.payload["revenue_event_id"])], actor=SYSTEM, at=event.at
    )


@on("revenue.received", name="accruals.accrue_received")
def accrue_received(event: Event) -> None:
    """Money that came in on an invoice earns its part, under plans that pay on cash."""
    accrue_for_receipts(receipt_ids=[UUID(event.payload["receipt_id"])], actor=SYSTEM, at=event.at)


@on("revenue.refunded", name="accruals.claw_back_refund")
def claw_back_refunded(event: Event) -> None:
    """A refund takes back what the refunded part had earned."""
    claw_back_refund(refund_id=UUID(event.payload["revenue_event_id"]), actor=SYSTEM, at=event.at)


@on("referral.credit_changed", name="accruals.recredit")
def recredit_changed(event: Event) -> None:
    """What was earned goes to whom it belongs now."""
    recredit(referral_id=UUID(event.payload["referral_id"]), actor=SYSTEM, at=event.at)


@on("referral.hold_lifted", name="accruals.release_held")
def release_held(event: Event) -> None:
    """What waited for the review, and for nothing else, is ready for payout."""
    ids = Accrual.objects.filter(referral_id=event.payload["referral_id"]).values_list(
        "id", flat=True
    )
    release_due(until=event.at, at=event.at, accrual_ids=list(ids))


@on("referral.hold_declined", name="accruals.take_back_declined")
def take_back_declined(event: Event) -> None:
    """What a referral earned that a person declined after a review is taken back."""
    # What is being booked from before the decline is in the books first.
    lock_credits(shared=False)
    ids = Accrual.objects.filter(referral_id=event.payload["referral_id"]).values_list(
        "id", flat=True
    )
    claw_back_rest(
        accrual_ids=list(ids),
        reason=gettext("Declined after a review"),
        key=f"hold:{event.payload['hold_id']}",
        actor=SYSTEM,
        at=event.at,
        tell=True,
    )
    # A win less may make another one the second.
    owner = Referral.objects.get(id=event.payload["referral_id"]).partner_id
    _restate_in_program_of(event, [owner])


def _restate_in_program_of(event: Event, partner_ids: Collection[UUID]) -> None:
    program_id = Referral.objects.get(id=event.payload["referral_id"]).program_id
    restate_partners(partner_ids=partner_ids, program_id=program_id, actor=SYSTEM, at=event.at)


@on("import.committed", name="accruals.accrue_import")
def accrue_import(event: Event) -> None:
    """An import earns what its rows would have earned one by one; a large one as a job of its own."""
    _accrue_or_queue(event, Pending(import_id=UUID(event.payload["import_id"])))


@on("plan.version_published", name="accruals.accrue_published")
def accrue_published(event: Event) -> None:
    """A first version that starts in the past prices what happened since; a new budget may have room."""
    program_id = UUID(event.payload["program_id"])
    book_waiting(program_id=program_id, actor=SYSTEM, at=event.at)
    if event.payload["number"] == 1:
        _accrue_or_queue(event, Pending(program_id=program_id, before=event.at))


def _accrue_or_queue(event: Event, pending: Pending) -> None:
    kinds = (QUALIFIED, WON, REVENUE)
    if any(pending_ids(kind, pending, after=None, limit=CHUNK)[1] for kind in kinds):
        params = {name: str(value) for name, value in pending.__dict__.items() if value}
        start_job(
            kind="commission.accrue",
            params={**params, "at": event.at.isoformat()},
            actor=SYSTEM,
            at=event.at,
        )
        return
    for kind in kinds:
        accrue_chunk(kind=kind, pending=pending, after=None, actor=SYSTEM, at=event.at)


@on("commission.earned", name="accruals.tell_earned")
def tell_partner_of_reward(event: Event) -> None:
    """The partner hears of what it earned."""
    tell_earned(event)


@on("commission.reversed", name="accruals.tell_reversed")
def tell_partner_of_reversal(event: Event) -> None:
    """The partner hears of what was taken back, and why."""
    tell_reversed(event)


@on("plan.budget_reached", name="accruals.tell_budget_reached")
def tell_of_budget(event: Event) -> None:
    """Those who run the program hear that rewards wait for room."""
    tell_budget_reached(event)


@on("partner.merged", name="accruals.restate_merged")
def restate_merged(event: Event) -> None:
    """Two histories are one from now on: plans that look at it price it anew, once."""
    restate_partners(partner_ids=[UUID(event.payload["partner_id"])], actor=SYSTEM, at=event.at)


@on("referral.reattributed", name="accruals.restate_moved")
def restate_moved(event: Event) -> None:
    """One history lost a referral and another got it; what it earned itself has followed the credit."""
    both = [UUID(event.payload[name]) for name in ("from_partner_id", "to_partner_id")]
    _restate_in_program_of(event, both)


# Asked of the table, not of the model: payouts stand above accruals.
_CLAIMED = """
select exists (
  select from commissions_accrual a
    join commissions_release r on r.tenant_id = a.tenant_id and r.accrual_id = a.id
    join commissions_payout_line l on l.tenant_id = r.tenant_id and l.released_at is null
                                  and l.transfer_id = coalesce(r.carried_id, r.transfer_id)
   where a.id = any(%s::bigint[]))
"""

_OF_IMPORT = """
select a.id from commissions_accrual a where exists (
    select from referrals_referral r where r.tenant_id = a.tenant_id and r.id = a.referral_id and r.import_id = %s)
union
select a.id from commissions_accrual a where exists (
    select from referrals_revenue_event e
     where e.tenant_id = a.tenant_id and e.id = a.revenue_event_id and e.import_id = %s)
"""


@before_undo
def take_back_import(import_id: UUID) -> None:
    """Take back everything an import's rows earned. Raises UndoRefused once any of it is in a payout run."""
    lock_credits(shared=True)
    with connection.cursor() as cursor:
        cursor.execute(_OF_IMPORT, [import_id, import_id])
        ids = [row[0] for row in cursor.fetchall()]
        # Locked first: a run that freezes meanwhile waits, or is seen.
        list(
            Accrual.objects.select_for_update(no_key=True)
            .filter(id__in=ids)
            .order_by("id")
            .values_list("id")
        )
        forget_points(set(Accrual.objects.filter(id__in=ids).values_list("partner_id", flat=True)))
        cursor.execute(_CLAIMED, [ids])
        if cursor.fetchone()[0]:
            raise UndoRefused(
                gettext("Commissions of this import are in a payout run. Record refunds instead.")
            )
    claw_back_rest(
        accrual_ids=ids,
        reason=gettext("The import was undone"),
        key=f"import:{import_id}",
        actor=SYSTEM,
        at=timezone.now(),
    )
