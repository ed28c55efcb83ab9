"""Facts that other systems report: leads, sales, renewals, refunds; each once, in whatever order they come."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from prm.api.auth import CallerRequest
from prm.api.models import ServerEvent
from prm.api.problems import FieldError, Problem, invalid
from prm.api.replays import digest_of, key_reused, wait_for_others
from prm.api.schemas import (
    ChargebackIn,
    ExpansionIn,
    LeadIn,
    ReceiptIn,
    RefundIn,
    RenewalIn,
    SaleIn,
)
from prm.api.submitting import refused, submitted
from prm.money import CurrencyMismatch, Money
from prm.tenancy.keys import KeyReused
from prm.web.formats import money_text
from referrals.pipeline.hooks import MoveRefused
from referrals.pipeline.models import Referral, Stage, StageKind
from referrals.pipeline.services import MoveNotAllowed
from referrals.revenue.codes import take_code
from referrals.revenue.models import Customer, RevenueEvent
from referrals.revenue.services import (
    NotAPayment,
    PartsTooLarge,
    ReceiptTooLarge,
    RefundTooLarge,
    Sold,
    record_payment,
    record_receipt,
    record_refund,
    win_referral,
)

Payment = SaleIn | RenewalIn | ExpansionIn
Report = LeadIn | Payment | RefundIn | ChargebackIn | ReceiptIn
SOURCE = "api"


@dataclass(frozen=True)
class Effect:
    """What a report did: the referral it is about, and what was booked."""

    referral: Referral
    revenue: RevenueEvent | None = None
    # What became of the customer's code; empty without one.
    code: str = ""


def reported(request: CallerRequest, report: Report, *, at: datetime) -> tuple[str, bool]:
    """Do what a report says, or nothing when its id came before; return the answer's text, and whether it is a replay.

    An id that came with other words raises Problem 422. A report that comes too early (a refund before its sale, a
    sale before its lead) raises Problem 409 and leaves its id unused, so that it can be sent again.
    """
    digest = digest_of(request)
    wait_for_others(f"event:{report.id}")
    first = ServerEvent.objects.filter(external_id=report.id).first()
    if first is not None:
        if first.request_digest != digest:
            raise key_reused(gettext("This event id was used for another event"))
        return first.body, True
    effect = _effect(request, report, at)
    text = json.dumps(_body(report, effect))
    ServerEvent.objects.create(
        external_id=report.id,
        kind=report.type,
        request_digest=digest,
        partner_id=effect.referral.partner_id,
        referral_id=effect.referral.id,
        revenue_event_id=effect.revenue.id if effect.revenue else None,
        body=text,
        received_at=at,
    )
    return text, False


def _effect(request: CallerRequest, report: Report, at: datetime) -> Effect:
    if report.occurred_at > at:
        raise invalid([FieldError("occurred_at", gettext("This moment lies in the future"))])
    if isinstance(report, LeadIn):
        return _lead(request, report, at)
    if isinstance(report, RefundIn):
        return _in_words(lambda: _refund(request, report, at))
    if isinstance(report, ReceiptIn):
        return _in_words(lambda: _receipt(request, report, at))
    return _with_code(request, report, _in_words(lambda: _payment(request, report, at)), at)


def _with_code(request: CallerRequest, report: Payment, paid: Effect, at: datetime) -> Effect:
    """Take the customer's code; one that is no partner's refuses nothing, since a shop sends its own ones too."""
    told = take_code(
        referral_id=paid.referral.id,
        code=report.code,
        used_at=report.occurred_at,
        actor=request.caller.actor,
        at=at,
    )
    return replace(paid, code=told.result.value) if told else paid


def _body(report: Report, effect: Effect) -> dict[str, Any]:
    return {
        "id": report.id,
        "type": report.type,
        "referral": str(effect.referral.id),
        "number": effect.referral.number,
        "status": Referral.objects.values_list("stage_kind", flat=True).get(id=effect.referral.id),
        "revenue_id": str(effect.revenue.id) if effect.revenue else None,
        "code": effect.code,
    }


def _lead(request: CallerRequest, report: LeadIn, at: datetime) -> Effect:
    wait_for_others(f"lead:{report.lead_id}")
    if Referral.objects.filter(external_id=report.lead_id).exists():
        raise key_reused(gettext("This lead_id has come with another event"))
    referral = submitted(request, report.referral, at=at)
    Referral.objects.filter(id=referral.id).update(external_id=report.lead_id)
    return Effect(referral)


def _payment(request: CallerRequest, report: Payment, at: datetime) -> Effect:
    referral = _referral_of(report)
    amount = Money(report.amount_minor, report.currency)
    customer = Customer.objects.filter(referral_id=referral.id).first()
    if customer is None and not isinstance(report, SaleIn):
        raise too_early(
            gettext("This customer has no sale yet. Send the sale first, then this again.")
        )
    if customer is None or referral.stage_kind != StageKind.WON:
        return Effect(referral, _win(request, referral, report, amount))
    revenue = record_payment(
        external_id=report.id,
        kind=report.type,
        customer_id=customer.id,
        amount=amount,
        booked_at=report.occurred_at,
        source=SOURCE,
        actor=request.caller.actor,
        at=at,
        sold=_sold(report),
    )
    return Effect(referral, revenue)


def _sold(report: Payment) -> Sold:
    return Sold(
        tax_minor=report.tax_minor,
        discount_minor=report.discount_minor,
        unpaid=report.is_unpaid,
        product=report.product,
        term_months=report.term_months,
        metadata=report.metadata,
    )


def _win(
    request: CallerRequest, referral: Referral, report: Payment, deal: Money
) -> RevenueEvent | None:
    stage = (
        Stage.objects.filter(program_id=referral.program_id, kind=StageKind.WON, retired_at=None)
        .order_by("position", "id")
        .first()
    )
    if stage is None:
        raise refused(gettext("The program has no stage for a sale"))
    customer = win_referral(
        referral_id=referral.id,
        to_stage_id=stage.id,
        deal=deal,
        actor=request.caller.actor,
        # A report may be late, the steps of a referral stay in their order.
        at=max(report.occurred_at, referral.stage_entered_at),
        sale_id=report.id,
        sold=_sold(report),
    )
    return RevenueEvent.objects.filter(customer_id=customer.id).order_by("-payment_no").first()


def _refund(request: CallerRequest, report: RefundIn, at: datetime) -> Effect:
    payment = _payment_named(report.refunds)
    if payment is None:
        raise too_early(
            gettext("The sale “%(id)s” has not come yet. Send it first, then this again.")
            % {"id": report.refunds}
        )
    revenue = record_refund(
        external_id=report.id,
        kind=report.type,
        refunds_id=payment.id,
        amount=Money(report.amount_minor, report.currency),
        booked_at=report.occurred_at,
        source=SOURCE,
        actor=request.caller.actor,
        at=at,
    )
    return Effect(payment.referral, revenue)


def _receipt(request: CallerRequest, report: ReceiptIn, at: datetime) -> Effect:
    invoice = _payment_named(report.pays)
    if invoice is None:
        raise too_early(
            gettext("The sale “%(id)s” has not come yet. Send it first, then this again.")
            % {"id": report.pays}
        )
    if invoice.received_minor is None:
        raise invalid([FieldError("pays", gettext("This sale was paid when it was reported"))])
    record_receipt(
        external_id=report.id,
        revenue_event_id=invoice.id,
        amount=Money(report.amount_minor, report.currency),
        received_at=report.occurred_at,
        actor=request.caller.actor,
        at=at,
    )
    return Effect(invoice.referral)


def _payment_named(external_id: str) -> RevenueEvent | None:
    """Return the payment of an event's id, reported here or booked in the portal under the same id."""
    rows = RevenueEvent.objects.select_related("referral")
    event = ServerEvent.objects.filter(external_id=external_id).first()
    if event is not None and event.revenue_event_id:
        return rows.filter(id=event.revenue_event_id).first()
    return rows.filter(external_id=external_id).first()


def _referral_of(report: Payment) -> Referral:
    """Return the referral that a payment names by lead, number or id. Raises Problem."""
    if bool(report.lead_id) == bool(report.referral):
        raise invalid([FieldError("lead_id", gettext("Give lead_id, or referral: one of the two"))])
    if report.lead_id:
        # Unique within a program only, and an import may have used it in another.
        found = list(Referral.objects.filter(external_id=report.lead_id).order_by("id")[:2])
        if len(found) > 1:
            raise invalid(
                [FieldError("lead_id", gettext("Several referrals have this id; give referral"))]
            )
    else:
        found = list(Referral.objects.filter(**_named(report.referral)))
    if not found:
        raise too_early(gettext("This lead has not come yet. Send it first, then this again."))
    return found[0]


def _named(text: str) -> dict[str, Any]:
    try:
        return {"id": UUID(text)}
    except ValueError:
        return {"number": text}


def _in_words(work: Callable[[], Effect]) -> Effect:
    """Do it, and say in plain words what stops it. Raises Problem."""
    try:
        return work()
    except CurrencyMismatch:
        raise invalid(
            [FieldError("currency", gettext("The referral's program counts in another currency"))]
        ) from None
    except RefundTooLarge as error:
        left = money_text(error.left.minor, error.left.currency)
        words = gettext("Only %(left)s is left of this sale") % {"left": left}
        raise invalid([FieldError("amount_minor", words)]) from None
    except ReceiptTooLarge as error:
        left = money_text(error.left.minor, error.left.currency)
        words = gettext("Only %(left)s of this sale is still to come in") % {"left": left}
        raise invalid([FieldError("amount_minor", words)]) from None
    except PartsTooLarge:
        words = gettext("Tax and discount are more than the amount")
        raise invalid([FieldError("tax_minor", words)]) from None
    except NotAPayment:
        raise invalid(
            [FieldError("refunds", gettext("This id names a refund, not a sale"))]
        ) from None
    except KeyReused:
        raise key_reused(gettext("This was booked before with another amount")) from None
    except MoveNotAllowed:
        raise too_early(
            gettext(
                "The referral is not as far as a sale. Accept it in the portal, then send this again."
            )
        ) from None
    except MoveRefused as no:
        raise refused(str(no)) from None


def too_early(words: str) -> Problem:
    """Something that has to come first has not; the same call can be sent again later."""
    return Problem(409, "too-early", gettext("This came before what it builds on"), detail=words)
