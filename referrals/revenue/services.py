"""Win referrals, book what customers pay and get back; the only writer of both outside imports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import F

from prm.events.services import Actor, emit
from prm.money import CurrencyMismatch, Money
from prm.tenancy.keys import KeyReused
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from referrals.pipeline.models import Referral, StageKind
from referrals.pipeline.services import change_stage
from referrals.revenue.models import (
    PAYMENT_KINDS,
    REVERSAL_KINDS,
    CashReceipt,
    Customer,
    RevenueEvent,
    RevenueKind,
)


class RefundTooLarge(ValueError):
    """More would be given back than is left of the payment."""

    def __init__(self, left: Money) -> None:
        super().__init__(f"{left.minor} {left.currency} left")
        self.left = left


class NotAPayment(ValueError):
    """A refund names another refund, or a payment was given the kind of a refund."""


class PartsTooLarge(ValueError):
    """Tax and discount are parts of an amount, together at most the whole of it."""

    def __init__(self, amount: Money) -> None:
        super().__init__(f"of {amount.minor} {amount.currency}")
        self.amount = amount


class ReceiptTooLarge(ValueError):
    """More would have come in than the invoice asks for."""

    def __init__(self, left: Money) -> None:
        super().__init__(f"{left.minor} {left.currency} left")
        self.left = left


@dataclass(frozen=True)
class Sold:
    """What a system knows of a payment beside its amount, for plans that ask for it.

    tax_minor and discount_minor are parts of the amount. unpaid: an invoice; money is recorded when it comes in.
    term_months: length of the contract. metadata: names and texts of the vendor's own.
    """

    tax_minor: int = 0
    discount_minor: int = 0
    unpaid: bool = False
    product: str = ""
    term_months: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


NOTHING_SAID = Sold()
# The longest contract, in months, that is taken for one.
LONGEST_TERM = 1200


@transaction.atomic
def win_referral(
    *,
    referral_id: UUID,
    to_stage_id: int,
    deal: Money,
    actor: Actor,
    at: datetime,
    sale_id: str = "",
    sold: Sold = NOTHING_SAID,
) -> Customer:
    """Take a referral to a stage of the kind won: it becomes a customer, its deal the first sale.

    deal: value in the referral's currency, 0 books no sale. sale_id: the sale's id in the system that reports it,
    where one does. sold: what is known of it beside the amount. A repeat with the same deal returns the customer and
    writes nothing. A referral that left won and comes back keeps its customer, and its sale while any of it stands.
    Raises Referral.DoesNotExist, CurrencyMismatch, KeyReused when it was won for another amount, and what
    change_stage raises. Emits referral.stage_changed, revenue.recorded when a sale is booked, referral.won.
    """
    referral = Referral.objects.select_for_update(no_key=True).get(id=referral_id)
    _same_currency(deal, referral.currency)
    customer = Customer.objects.filter(referral_id=referral.id).first()
    if customer is not None and referral.stage_kind == StageKind.WON:
        if referral.deal_minor != deal.minor:
            raise KeyReused(f"{referral.number} was won for {referral.deal_minor}")
        return customer
    change = change_stage(
        referral_id=referral.id,
        to_stage_id=to_stage_id,
        actor=actor,
        at=at,
        deal=deal,
        winning=True,
    )
    if customer is None:
        customer = Customer.objects.create(
            referral_id=referral.id,
            partner_id=referral.partner_id,
            name=referral.company,
            domain=referral.domain,
            email_norm=referral.email_norm,
            since=at,
        )
    sale = (
        _first_sale(referral, customer, deal, actor, at, sale_id=sale_id, sold=sold)
        if deal.minor
        else None
    )
    _tell_won(referral, change.id, sale, actor, at)
    return customer


def _tell_won(
    referral: Referral, change_id: int, sale: RevenueEvent | None, actor: Actor, at: datetime
) -> None:
    emit(
        "referral.won",
        subject=f"referral:{referral.id}",
        actor=actor,
        partner_id=referral.partner_id,
        payload={
            "referral_id": str(referral.id),
            "partner_id": str(referral.partner_id),
            "program_id": str(referral.program_id),
            "stage_change_id": change_id,
            "revenue_event_id": str(sale.id) if sale else None,
        },
        at=at,
    )


def _first_sale(
    referral: Referral,
    customer: Customer,
    deal: Money,
    actor: Actor,
    at: datetime,
    *,
    sale_id: str,
    sold: Sold,
) -> RevenueEvent:
    booked = list(
        RevenueEvent.objects.filter(referral_id=referral.id, source="won").order_by("payment_no")
    )
    standing = [sale for sale in booked if sale.refunded_minor < sale.amount_minor]
    if standing:
        if sum(sale.amount_minor - sale.refunded_minor for sale in standing) != deal.minor:
            raise KeyReused(f"a sale of {referral.number} stands already")
        return standing[-1]
    return record_payment(
        external_id=sale_id or f"won:{referral.number}" + (f":{len(booked) + 1}" if booked else ""),
        kind=RevenueKind.SALE,
        customer_id=customer.id,
        amount=deal,
        booked_at=at,
        source="won",
        actor=actor,
        at=at,
        sold=sold,
    )


@transaction.atomic
def record_payment(
    *,
    external_id: str,
    kind: str,
    customer_id: UUID,
    amount: Money,
    booked_at: datetime,
    source: str,
    actor: Actor,
    at: datetime,
    note: str = "",
    import_id: UUID | None = None,
    sold: Sold = NOTHING_SAID,
) -> RevenueEvent:
    """Book a sale, renewal or expansion of a customer and number it among the customer's payments.

    external_id: id in the system it came from, unique in the tenant. amount: above zero, in the referral's currency.
    sold: what is known beside the amount; not among the compared facts. booked_at: when the vendor booked it; the day
    is the tenant zone's. source: "won", "form", "csv", "import", "api".
    A repeat with the same facts (kind, customer, amount, moment) returns the first row and writes nothing.
    Raises KeyReused for other facts, NotAPayment, CurrencyMismatch, PartsTooLarge, Customer.DoesNotExist.
    Emits revenue.recorded.
    """
    if kind not in PAYMENT_KINDS:
        raise NotAPayment(kind)
    if sold.tax_minor + sold.discount_minor > amount.minor:
        raise PartsTooLarge(amount)
    customer = (
        Customer.objects.select_for_update(no_key=True, of=("self",))
        .select_related("referral")
        .get(id=customer_id)
    )
    _same_currency(amount, customer.referral.currency)
    facts = RevenueEvent(
        external_id=external_id,
        kind=kind,
        customer_id=customer.id,
        referral_id=customer.referral_id,
        partner_id=customer.partner_id,
        amount_minor=amount.minor,
        currency=amount.currency,
        booked_at=booked_at,
        booked_on=tenant_day(booked_at),
        payment_no=customer.payment_count + 1,
        source=source,
        note=note,
        import_id=import_id,
        tax_minor=sold.tax_minor,
        discount_minor=sold.discount_minor,
        received_minor=0 if sold.unpaid else None,
        product=sold.product,
        term_months=sold.term_months,
        metadata=dict(sold.metadata),
    )
    event, made = _insert_once(facts)
    if not made:
        return event
    Customer.objects.filter(id=customer.id).update(payment_count=F("payment_count") + 1)
    _tell("revenue.recorded", event, actor, at)
    return event


@transaction.atomic
def record_refund(
    *,
    external_id: str,
    kind: str,
    refunds_id: UUID,
    amount: Money,
    booked_at: datetime,
    source: str,
    actor: Actor,
    at: datetime,
    note: str = "",
) -> RevenueEvent:
    """Book money given back on one payment, the whole of it or a part.

    kind: refund or chargeback. amount: above zero, at most what is left of the payment.
    A repeat with the same facts returns the first row and writes nothing.
    Raises RefundTooLarge, KeyReused, NotAPayment, CurrencyMismatch, RevenueEvent.DoesNotExist. Emits revenue.refunded.
    """
    if kind not in REVERSAL_KINDS:
        raise NotAPayment(kind)
    payment = _locked_payment(refunds_id)
    _same_currency(amount, payment.currency)
    facts = RevenueEvent(
        external_id=external_id,
        kind=kind,
        customer_id=payment.customer_id,
        referral_id=payment.referral_id,
        partner_id=payment.partner_id,
        amount_minor=amount.minor,
        currency=amount.currency,
        booked_at=booked_at,
        booked_on=tenant_day(booked_at),
        refunds_id=payment.id,
        source=source,
        note=note,
    )
    event, made = _insert_once(facts, room=payment)
    if made:
        RevenueEvent.objects.filter(id=payment.id).update(
            refunded_minor=F("refunded_minor") + amount.minor
        )
        _tell("revenue.refunded", event, actor, at, refunds_id=str(payment.id))
    return event


@transaction.atomic
def record_receipt(
    *,
    external_id: str,
    revenue_event_id: UUID,
    amount: Money,
    received_at: datetime,
    actor: Actor,
    at: datetime,
) -> CashReceipt:
    """Book money that came in on an invoice that was booked unpaid, the whole of it or a part.

    external_id: unique among receipts. amount: above zero, at most what is still to come in. received_at: the day is
    the tenant zone's. A repeat with the same facts returns the first row and writes nothing.
    Raises ReceiptTooLarge, KeyReused, NotAPayment (it was paid as it was booked), CurrencyMismatch,
    RevenueEvent.DoesNotExist. Emits revenue.received.
    """
    invoice = _locked_payment(revenue_event_id)
    _same_currency(amount, invoice.currency)
    first = CashReceipt.objects.filter(external_id=external_id).first()
    if first is not None:
        said = (first.revenue_event_id, first.amount_minor, first.received_at)
        if said != (invoice.id, amount.minor, received_at):
            raise KeyReused(external_id)
        return first
    if invoice.received_minor is None:
        raise NotAPayment("paid as it was booked")
    left = invoice.amount_minor - invoice.received_minor
    if amount.minor > left:
        raise ReceiptTooLarge(Money(left, invoice.currency))
    receipt = CashReceipt.objects.create(
        external_id=external_id,
        revenue_event_id=invoice.id,
        amount_minor=amount.minor,
        received_at=received_at,
        received_on=tenant_day(received_at),
    )
    RevenueEvent.objects.filter(id=invoice.id).update(
        received_minor=F("received_minor") + amount.minor
    )
    _tell("revenue.received", invoice, actor, at, receipt_id=str(receipt.id))
    return receipt


def _locked_payment(payment_id: UUID) -> RevenueEvent:
    payment = RevenueEvent.objects.select_for_update(no_key=True).get(id=payment_id)
    if payment.kind not in PAYMENT_KINDS:
        raise NotAPayment(payment.kind)
    return payment


def _tell(name: str, event: RevenueEvent, actor: Actor, at: datetime, **more: str) -> None:
    emit(
        name,
        subject=f"revenue:{event.id}",
        actor=actor,
        partner_id=event.partner_id,
        payload={
            "revenue_event_id": str(event.id),
            **more,
            "referral_id": str(event.referral_id),
            "partner_id": str(event.partner_id),
        },
        at=at,
    )


def tenant_day(moment: datetime) -> date:
    """Return the day of a moment in the open tenant's zone."""
    zone = Tenant.objects.values_list("time_zone", flat=True).get(id=current_scope().tenant_id)
    return moment.astimezone(ZoneInfo(zone)).date()


def noon_of(day: date, zone: str) -> datetime:
    """Return a day's noon in a zone, the moment that stands for a day without a clock."""
    return datetime.combine(day, time(12), tzinfo=ZoneInfo(zone))


def _insert_once(
    facts: RevenueEvent, *, room: RevenueEvent | None = None
) -> tuple[RevenueEvent, bool]:
    """Insert the row, or return the one that came first under the same external id, also from a race just lost.

    room: the locked payment of which enough must be left. A repeat is told from a refund too many by its id.
    """
    first = RevenueEvent.objects.filter(external_id=facts.external_id).first()
    if first is None:
        if room is not None and facts.amount_minor > room.amount_minor - room.refunded_minor:
            raise RefundTooLarge(Money(room.amount_minor - room.refunded_minor, room.currency))
        try:
            with transaction.atomic():
                facts.save(force_insert=True)
        except IntegrityError:
            # The unique constraint is the truth: somebody was faster, or another rule of the table was broken.
            first = RevenueEvent.objects.filter(external_id=facts.external_id).first()
            if first is None:
                raise
        else:
            return facts, True
    return _same_facts(first, facts), False


def _same_facts(first: RevenueEvent, facts: RevenueEvent) -> RevenueEvent:
    compared = ("kind", "customer_id", "refunds_id", "amount_minor", "currency", "booked_at")
    if any(getattr(first, name) != getattr(facts, name) for name in compared):
        raise KeyReused(facts.external_id)
    return first


def _same_currency(amount: Money, currency: str) -> None:
    if amount.currency != currency:
        raise CurrencyMismatch(f"{amount.currency} and {currency}")
