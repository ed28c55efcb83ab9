"""May a partner register a company: asked before the form, answered without saying why not."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from prm.events.services import Actor, emit
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from referrals.claims import rules
from referrals.claims.models import AvailabilityCheck, SoftHold
from referrals.claims.rules import Facts
from referrals.claims.selectors import may_register, rules_of

# Companies that a partner may keep free at once.
MOST_HOLDS = 5


class ChecksUsedUp(ValueError):
    """The partner has asked as often as its program allows in a day."""


class HoldRefused(ValueError):
    """The company is not free, the partner holds as many as it may, or the program holds none."""


@transaction.atomic
def check_availability(
    *, facts: Facts, company: str, partner_id: UUID, program_id: UUID, actor: Actor, at: datetime
) -> AvailabilityCheck:
    """Answer "open" or "review" and keep the question; the day is the tenant's.

    Each answer runs the same statements, so neither its words nor its time say why. Raises ChecksUsedUp.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, %s))",
            [f"availability:{partner_id}", current_scope().tenant_id],
        )
    asked = AvailabilityCheck.objects.filter(partner_id=partner_id, at__gte=_day_start(at)).count()
    if asked >= rules_of(program_id).checks_per_day:
        raise ChecksUsedUp(str(asked))
    return AvailabilityCheck.objects.create(
        partner_id=partner_id,
        asked_by_id=actor.user_id,
        company=company.strip()[:160],
        account_key=rules.account_key(facts),
        answer=may_register(facts, partner_id, at),
        at=at,
    )


def _day_start(at: datetime) -> datetime:
    zone = Tenant.objects.only("time_zone").get(id=current_scope().tenant_id).time_zone
    return at.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)


@transaction.atomic
def set_hold(
    *, facts: Facts, company: str, partner_id: UUID, program_id: UUID, actor: Actor, at: datetime
) -> SoftHold:
    """Keep a free company for a partner for the program's hold hours; others are told it needs review.

    It is no claim and refuses nobody. Asking again while it runs returns it as it is, so it cannot be renewed in
    time. Raises HoldRefused. Emits claim.held.
    """
    hours, key = rules_of(program_id).hold_hours, rules.account_key(facts)
    mine = SoftHold.objects.filter(partner_id=partner_id)
    if standing := mine.filter(account_key=key, until__gt=at).first():
        return standing
    if (
        not hours
        or mine.filter(until__gt=at).count() >= MOST_HOLDS
        or mine.filter(account_key=key, until__gt=at - timedelta(days=30)).exists()
        or may_register(facts, partner_id, at) != "open"
    ):
        raise HoldRefused(key)
    hold, _made = SoftHold.objects.update_or_create(
        partner_id=partner_id,
        account_key=key,
        defaults={
            "asked_by_id": actor.user_id,
            "company": company.strip()[:160],
            "held_at": at,
            "until": at + timedelta(hours=hours),
        },
    )
    emit(
        "claim.held",
        subject=f"soft_hold:{hold.id}",
        actor=actor,
        partner_id=partner_id,
        payload={"until": hold.until.isoformat()},
        at=at,
        queue=False,
    )
    return hold
