"""What partners took instead of money: out of the books with the release, delivered after the month."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import translation

from commissions.accruals.models import Accrual
from commissions.accruals.releasing import Released, on_release
from commissions.adjustments.selectors import claimed_by_runs
from commissions.choices.models import Instead, RewardChoice, Taken, TakenReward
from commissions.choices.rules import worth_minor
from commissions.choices.selectors import choice_on
from commissions.gifts.models import GiftAward
from commissions.gifts.people import credit_title
from commissions.gifts.services import give_award
from commissions.ledger.selectors import all_partner_balances, tenant_zone
from commissions.ledger.services import NewTransfer, post_staged
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.web.formats import day_text, money_text


@on_release
def take_instead(released: Sequence[Released], at: datetime) -> None:
    """Move released rewards of partners that take something else out of what is owed, in the release's transaction.

    A reward for a person, or in another currency than its program's, stays money. Each leaves once. What the partner
    owes is settled first: a reward stays money where taking it would leave less than nothing.
    """
    if not RewardChoice.objects.exclude(kind=Taken.CASH).exists():
        return
    found = _beyond_debts(_chosen(released, at))
    if not found:
        return
    posted = post_staged(
        [
            NewTransfer(
                kind="in_kind",
                key=f"in_kind:{row.accrual_id}",
                journal=f"accrual:{row.accrual_id}",
                debit=("payable", row.partner_id, row.currency),
                credit=("in_kind", None, row.currency),
                amount_minor=row.amount_minor,
                booked_at=at,
                partner_id=row.partner_id,
            )
            for row in found
        ]
    )
    for row, place in zip(found, posted, strict=True):
        row.transfer_id = place.id
    TakenReward.objects.bulk_create(found)


@transaction.atomic
def deliver_taken(*, at: datetime) -> int:
    """Give what was taken instead of money in months that are over: one award per partner, program and exchange.

    An award's cost is what it is worth beyond the money that it stands for, which is a cost already.
    A repeat gives nothing. Returns the number of awards. Emits gift.awarded for each.
    """
    first = at.astimezone(tenant_zone()).date().replace(day=1)
    rows = (
        TakenReward.objects.select_for_update(of=("self",), no_key=True)
        .filter(award=None, taken_on__lt=first)
        .select_related("choice")
        .order_by("id")
    )
    groups: dict[tuple[object, ...], list[TakenReward]] = defaultdict(list)
    for row in rows:
        month = row.taken_on.replace(day=1)
        choice = row.choice
        groups[
            row.partner_id, row.program_id, month, choice.kind, choice.rate, row.currency
        ].append(row)
    for taken in groups.values():
        award = _award(taken, at)
        TakenReward.objects.filter(id__in=[row.id for row in taken]).update(award=award)
    return len(groups)


def _chosen(released: Sequence[Released], at: datetime) -> list[TakenReward]:
    """Return what leaves the books; its transfer is not posted yet."""
    today = at.astimezone(tenant_zone()).date()
    choices: dict[tuple[UUID, UUID], list[RewardChoice]] = defaultdict(list)
    mine = RewardChoice.objects.filter(partner_id__in={row.partner_id for row in released})
    for choice in mine.order_by("-from_on", "-id"):
        choices[choice.partner_id, choice.program_id].append(choice)
    if not choices:
        return []
    programs = {
        row["id"]: (row["version__program_id"], row["version__program__currency"])
        for row in Accrual.objects.filter(
            id__in=[row.accrual_id for row in released], payee=None
        ).values("id", "version__program_id", "version__program__currency")
    }
    found = []
    for row in released:
        program_id, currency = programs.get(row.accrual_id, (None, ""))
        if program_id is None or currency != row.currency:
            continue
        wanted = choice_on(choices.get((row.partner_id, program_id), []), today)
        if wanted:
            found.append(
                TakenReward(
                    accrual_id=row.accrual_id,
                    partner_id=row.partner_id,
                    program_id=program_id,
                    choice=wanted,
                    amount_minor=row.amount_minor,
                    currency=row.currency,
                    taken_on=today,
                )
            )
    return found


def _beyond_debts(found: Sequence[TakenReward]) -> list[TakenReward]:
    """Return the rewards that may leave, the first released first; the release has locked the balances."""
    partner_ids = list({row.partner_id for row in found})
    balances, claimed = all_partner_balances(partner_ids), claimed_by_runs(partner_ids)
    room = {
        (partner_id, row.currency): row.payable
        + row.deferred
        - claimed.get((partner_id, row.currency), 0)
        for partner_id, rows in balances.items()
        for row in rows
    }
    leaving = []
    for row in found:
        key = (row.partner_id, row.currency)
        if row.amount_minor <= room.get(key, 0):
            room[key] -= row.amount_minor
            leaving.append(row)
    return leaving


def _award(taken: Sequence[TakenReward], at: datetime) -> GiftAward:
    first = taken[0]
    assert first.choice.rate is not None
    total = sum(row.amount_minor for row in taken)
    worth = worth_minor(total, first.choice.rate)
    with translation.override(_tenant_language()):
        amount = money_text(worth, first.currency)
        title = (
            credit_title(worth, first.currency)
            if first.choice.kind == Instead.CREDIT
            else translation.gettext("Gift card of %(amount)s") % {"amount": amount}
        )
        reason = translation.gettext("Instead of %(amount)s of commission, %(month)s") % {
            "amount": money_text(total, first.currency),
            "month": day_text(first.taken_on, "month"),
        }
    return give_award(
        GiftAward(
            program_id=first.program_id,
            partner_id=first.partner_id,
            key=f"choice:{first.id}",
            kind=first.choice.kind,
            title=title,
            cost_minor=worth - total,
            currency=first.currency,
            reason=reason,
        ),
        SYSTEM,
        at,
    )


def _tenant_language() -> str:
    return Tenant.objects.values_list("language", flat=True).get(id=current_scope().tenant_id)
