"""How a vendor pays: the methods on offer, the clock of runs, the head of US files, and who else has to look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from commissions.ledger.selectors import tenant_zone
from commissions.payouts.models import (
    Cadence,
    PayoutLimit,
    PayoutMethod,
    PayoutSettings,
    every_method,
)
from commissions.payouts.rules import Limits
from prm.events.services import Actor, emit
from prm.money import Money
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope


def payout_settings() -> PayoutSettings:
    """Return the vendor's settings; what nobody chose yet is not saved and offers SEPA and bank transfer."""
    return PayoutSettings.objects.first() or PayoutSettings()


def offered_methods(*, besides: str = "") -> list[str]:
    """Return the methods partners may choose, in the order they were ticked; besides: one that stays on offer too."""
    methods = list(payout_settings().methods) or every_method()
    return methods if not besides or besides in methods else [*methods, besides]


@dataclass(frozen=True)
class Clock:
    """When runs are prepared by themselves: cadence is one of Cadence, run_day its day of month or week."""

    cadence: str = Cadence.BY_HAND
    run_day: int = 1


@dataclass(frozen=True)
class AchHead:
    """What US banks want in a file's head: routing number of their own, the company's number and name there."""

    routing: str = ""
    company_id: str = ""
    company_name: str = ""
    bank_name: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether a file can be made with it."""
        return bool(self.routing and self.company_id and self.company_name and self.bank_name)


def pays_us_banks(settings: PayoutSettings) -> bool:
    """Tell whether the vendor sends files to US banks, so that days on which these are closed count as well."""
    return PayoutMethod.ACH in settings.methods or ach_head(settings).is_whole


def ach_head(settings: PayoutSettings) -> AchHead:
    """Return the head of US files as it was entered."""
    return AchHead(
        settings.ach_routing,
        settings.ach_company_id,
        settings.ach_company_name,
        settings.ach_bank_name,
    )


@transaction.atomic
def save_payout_settings(
    *, methods: Sequence[str], clock: Clock, head: AchHead, actor: Actor, at: datetime
) -> PayoutSettings:
    """Offer these methods and prepare runs by this clock from now on; details that partners have stay as they are.

    A repeat changes nothing and tells nobody. Emits payout_settings.changed.
    """
    Tenant.objects.select_for_update(no_key=True).get(id=current_scope().tenant_id)
    settings = payout_settings()
    before = _said(settings)
    settings.methods = list(methods)
    if (settings.cadence, settings.run_day) != (clock.cadence, clock.run_day):
        # What was due before the clock was set is not caught up with.
        settings.looked_on = at.astimezone(tenant_zone()).date() - timedelta(days=1)
    settings.cadence, settings.run_day = clock.cadence, clock.run_day
    settings.ach_routing, settings.ach_company_id = head.routing, head.company_id
    settings.ach_company_name, settings.ach_bank_name = head.company_name, head.bank_name
    if settings.pk and before == _said(settings):
        return settings
    settings.save()
    after = _said(settings)
    emit(
        "payout_settings.changed",
        subject=f"tenant:{current_scope().tenant_id}",
        actor=actor,
        changes={key: [before[key], after[key]] for key in after if before[key] != after[key]},
        at=at,
        queue=False,
    )
    return settings


def _said(settings: PayoutSettings) -> dict[str, str]:
    return {
        "methods": ", ".join(settings.methods),
        "cadence": settings.cadence,
        "run_day": str(settings.run_day),
        "ach_routing": settings.ach_routing,
        "ach_company_id": settings.ach_company_id,
        "ach_company_name": settings.ach_company_name,
        "ach_bank_name": settings.ach_bank_name,
    }


def payout_limits() -> dict[str, PayoutLimit]:
    """Return the limits by currency; a currency without any is not in it."""
    return {row.currency: row for row in PayoutLimit.objects.order_by("currency")}


def run_limits() -> dict[str, Limits]:
    """Return what decides how many people look at a run, by currency."""
    return {
        currency: Limits(row.run_minor, row.payment_minor)
        for currency, row in payout_limits().items()
    }


def may_release_alone(amount: Money) -> bool:
    """Tell whether one person may end the hold of an amount; without a limit a second has to agree."""
    limit = payout_limits().get(amount.currency)
    return bool(limit and limit.release_minor is not None and amount.minor <= limit.release_minor)


@dataclass(frozen=True)
class CurrencyLimits:
    """The three limits of one currency, in minor units; None for none."""

    run_minor: int | None
    payment_minor: int | None
    release_minor: int | None


@transaction.atomic
def save_payout_limits(*, limits: Mapping[str, CurrencyLimits], actor: Actor, at: datetime) -> None:
    """Let these limits decide about lists that are frozen from now on; a waiting run keeps what was decided for it.

    limits: by currency; a currency that is not named keeps its own. A repeat tells nobody. Emits payout_limits.changed.
    """
    Tenant.objects.select_for_update(no_key=True).get(id=current_scope().tenant_id)
    before = payout_limits()
    changes = {}
    for currency, wanted in sorted(limits.items()):
        row = before.get(currency) or PayoutLimit(currency=currency)
        old = CurrencyLimits(row.run_minor, row.payment_minor, row.release_minor)
        if wanted == old:
            continue
        row.run_minor, row.payment_minor, row.release_minor = (
            wanted.run_minor,
            wanted.payment_minor,
            wanted.release_minor,
        )
        row.save()
        for name in ("run_minor", "payment_minor", "release_minor"):
            pair = [getattr(old, name), getattr(wanted, name)]
            if pair[0] != pair[1]:
                changes[f"{currency} {name}"] = ["" if v is None else str(v) for v in pair]
    if changes:
        emit(
            "payout_limits.changed",
            subject=f"tenant:{current_scope().tenant_id}",
            actor=actor,
            changes=changes,
            at=at,
            queue=False,
        )
