"""Book by decision: fees, write-offs by two people, conversions at a named rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction

from commissions.adjustments.models import (
    Conversion,
    DeductionCap,
    ExchangeRate,
    WriteOff,
    WriteOffState,
)
from commissions.adjustments.rules import LARGEST_MINOR, converted
from commissions.adjustments.selectors import debts, payable_in, rate_on
from commissions.adjustments.taxed import taxed_of
from commissions.ledger.models import AccountKind, Transfer
from commissions.ledger.selectors import balances_of, tenant_zone
from commissions.ledger.services import NewTransfer, lock_balances, post_staged
from prm.events.services import Actor, emit
from prm.money import Money
from prm.tenancy.keys import KeyReused


class NothingToWriteOff(ValueError):
    """The partner owes nothing, or less than should be written off; `debt_minor` says how much."""

    def __init__(self, debt_minor: int) -> None:
        super().__init__(f"{debt_minor} owed")
        self.debt_minor = debt_minor


class AlreadyAsked(ValueError):
    """A write-off of the partner in the currency waits for its second person already."""


class AskedByYou(ValueError):
    """Who asked for a write-off may not decide about it."""


class AlreadyDecided(ValueError):
    """Somebody decided about the write-off before."""


class NotEnough(ValueError):
    """Less is payable, and waits in no run, than should be converted; `payable_minor` says how much."""

    def __init__(self, payable_minor: int) -> None:
        super().__init__(f"{payable_minor} payable")
        self.payable_minor = payable_minor


class NotConvertible(ValueError):
    """The rate makes nothing of the amount, or more than anybody books; `into` says what."""

    def __init__(self, into: Money) -> None:
        super().__init__(f"{into.minor} {into.currency}")
        self.into = into


# ---------------------------------------------------------------- fees


def book_fee(*, journal: str, fee: Money, key: str, actor: Actor, at: datetime) -> Transfer:
    """Book what a bank took for a payment as a cost of the vendor: the partner gets what was advertised.

    journal: "payout:<number>". fee: positive. key: names the fee, such as the bank's reference; a repeat returns the
    first, other facts under it raise KeyReused. Emits books.fee_booked.
    """
    with transaction.atomic():
        posted = post_staged(
            [
                NewTransfer(
                    kind="fee",
                    key=f"fee:{key}",
                    journal=journal,
                    debit=(AccountKind.FEES, None, fee.currency),
                    credit=(AccountKind.CASH, None, fee.currency),
                    amount_minor=fee.minor,
                    booked_at=at,
                )
            ]
        )[0]
        if posted.is_new:
            emit(
                "books.fee_booked",
                subject=f"transfer:{posted.id}",
                actor=actor,
                payload={"amount_minor": fee.minor, "currency": fee.currency, "journal": journal},
                at=at,
                queue=False,
            )
        return Transfer.objects.get(id=posted.id)


# ---------------------------------------------------------------- write-offs


@transaction.atomic
def ask_write_off(
    *, partner_id: UUID, amount: Money, reason: str, actor: Actor, at: datetime
) -> WriteOff:
    """Ask a second person to forgive a partner a part of what it owes, or all of it.

    Raises NothingToWriteOff when that is less, AlreadyAsked while another wish waits. Emits books.write_off_asked.
    """
    owed = _debt_minor(partner_id, amount.currency)
    if not 0 < amount.minor <= owed:
        raise NothingToWriteOff(owed)
    try:
        with transaction.atomic():
            wish = WriteOff.objects.create(
                partner_id=partner_id,
                currency=amount.currency,
                amount_minor=amount.minor,
                reason=reason,
                asked_by_id=actor.user_id,
                asked_at=at,
            )
    except IntegrityError as error:
        raise AlreadyAsked from error
    _emit("books.write_off_asked", wish, actor, at)
    return wish


@transaction.atomic
def approve_write_off(*, write_off_id: int, actor: Actor, at: datetime) -> WriteOff:
    """Book a write-off somebody else asked for: a cost of the vendor, and nothing that the partner has to give back.

    A repeat by the same person returns it. Raises AskedByYou, AlreadyDecided, NothingToWriteOff when the partner owes
    less by now. Emits books.write_off_approved; the partner is told.
    """
    wish = _undecided(write_off_id, actor, WriteOffState.APPROVED)
    if wish.state == WriteOffState.APPROVED:
        return wish
    lock_balances(partner_ids=[wish.partner_id], currency=wish.currency)
    owed = _debt_minor(wish.partner_id, wish.currency)
    if wish.amount_minor > owed:
        raise NothingToWriteOff(owed)
    books = balances_of(wish.partner_id, wish.currency)
    wish.transfer_id = _post_write_off(wish, deferred_minor=-books.deferred, at=at)
    wish.state, wish.decided_by_id, wish.decided_at = WriteOffState.APPROVED, actor.user_id, at
    wish.save(update_fields=["transfer_id", "state", "decided_by_id", "decided_at"])
    _emit("books.write_off_approved", wish, actor, at)
    return wish


@transaction.atomic
def refuse_write_off(*, write_off_id: int, answer: str, actor: Actor, at: datetime) -> WriteOff:
    """Leave a debt as it is; who asked reads why. A repeat by the same person returns it.

    Who asked may take the wish back in this way. Raises AlreadyDecided. Emits books.write_off_refused.
    """
    wish = WriteOff.objects.select_for_update(no_key=True).get(id=write_off_id)
    if wish.state == WriteOffState.REFUSED:
        return wish
    if wish.state != WriteOffState.ASKED:
        raise AlreadyDecided(wish.state)
    wish.state, wish.answer, wish.decided_at = WriteOffState.REFUSED, answer, at
    # The database wants two people; who takes back its own wish decides nothing.
    wish.decided_by_id = None if wish.asked_by_id == actor.user_id else actor.user_id
    wish.save(update_fields=["state", "answer", "decided_by_id", "decided_at"])
    _emit("books.write_off_refused", wish, actor, at)
    return wish


def _undecided(write_off_id: int, actor: Actor, wanted: str) -> WriteOff:
    wish = WriteOff.objects.select_for_update(no_key=True).get(id=write_off_id)
    if wish.state == wanted and wish.decided_by_id == actor.user_id:
        return wish
    if wish.state != WriteOffState.ASKED:
        raise AlreadyDecided(wish.state)
    if wish.asked_by_id == actor.user_id:
        raise AskedByYou
    return wish


def _debt_minor(partner_id: UUID, currency: str) -> int:
    return next((row.debt_minor for row in debts(partner_id) if row.currency == currency), 0)


def _post_write_off(wish: WriteOff, *, deferred_minor: int, at: datetime) -> int:
    """Forgive what later payouts would give back first, then what is payable below zero; return the last transfer."""
    journal, left = f"write_off:{wish.id}", wish.amount_minor
    transfers = []
    for kind, minor in (
        (AccountKind.DEFERRED, min(left, deferred_minor)),
        (AccountKind.PAYABLE, left - min(left, deferred_minor)),
    ):
        if minor > 0:
            transfers.append(
                NewTransfer(
                    kind="write_off",
                    key=f"{journal}:{kind}",
                    journal=journal,
                    debit=(AccountKind.WRITE_OFFS, None, wish.currency),
                    credit=(kind, wish.partner_id, wish.currency),
                    amount_minor=minor,
                    booked_at=at,
                    partner_id=wish.partner_id,
                )
            )
    return post_staged(transfers)[-1].id


def _emit(name: str, wish: WriteOff, actor: Actor, at: datetime) -> None:
    emit(
        name,
        subject=f"write_off:{wish.id}",
        actor=actor,
        partner_id=wish.partner_id,
        payload={
            "write_off_id": wish.id,
            "amount_minor": wish.amount_minor,
            "currency": wish.currency,
        },
        at=at,
    )


# ---------------------------------------------------------------- currencies


@dataclass(frozen=True)
class NewRate:
    """How many units of `to_currency` one unit of `from_currency` was worth on a day, and who says so."""

    from_currency: str
    to_currency: str
    rated_on: date
    rate: Decimal
    source: str


@transaction.atomic
def add_rates(*, rates: Sequence[NewRate], actor: Actor, at: datetime) -> int:
    """Keep exchange rates; return how many were new; of several for one day the newest counts.

    A repeat of the same rates adds nothing. Emits books.rates_added.
    """
    known = set(
        ExchangeRate.objects.filter(rated_on__in={row.rated_on for row in rates})
        .order_by("from_currency", "to_currency", "rated_on", "-id")
        .distinct("from_currency", "to_currency", "rated_on")
        .values_list("from_currency", "to_currency", "rated_on", "rate", "source")
    )
    new = [
        row
        for row in rates
        if (row.from_currency, row.to_currency, row.rated_on, row.rate, row.source) not in known
    ]
    if not new:
        return 0
    ExchangeRate.objects.bulk_create(
        ExchangeRate(
            from_currency=row.from_currency,
            to_currency=row.to_currency,
            rated_on=row.rated_on,
            rate=row.rate,
            source=row.source,
            entered_by_id=actor.user_id,
            entered_at=at,
        )
        for row in new
    )
    emit(
        "books.rates_added",
        subject="exchange_rate:all",
        actor=actor,
        payload={"count": len(new)},
        at=at,
        queue=False,
    )
    return len(new)


@transaction.atomic
def convert_payable(
    *,
    partner_id: UUID,
    amount: Money,
    to_currency: str,
    reason: str,
    key: str,
    actor: Actor,
    at: datetime,
) -> Conversion:
    """Move a part of what is payable to a partner into another currency, at the rate of the day that is on file.

    What a run has claimed that waits for approval stays for it.
    What came back from a bank goes first, and is not taxed again in the other currency: see adjustments.taxed.
    Two legs, each in one currency, through the account of exchange; the rate, its day and its source stay with them.
    key: names the decision; a repeat with the same facts returns the first, with others raises KeyReused.
    Raises NoRate, NotEnough, NotConvertible. Emits books.converted.
    """
    lock_balances(partner_ids=[partner_id])
    if first := Conversion.objects.filter(key=key).first():
        same = (first.partner_id, first.from_minor, first.from_currency, first.to_currency)
        if same != (partner_id, amount.minor, amount.currency, to_currency):
            raise KeyReused(key)
        return first
    free = payable_in(partner_id, amount.currency)
    if not 0 < amount.minor <= free.minor:
        raise NotEnough(max(free.minor, 0))
    rate = rate_on(amount.currency, to_currency, at.astimezone(tenant_zone()).date())
    into = converted(amount, to_currency, rate.rate)
    if not 0 < into.minor < LARGEST_MINOR:
        raise NotConvertible(into)
    taxed_minor = min(amount.minor, max(taxed_of(partner_id, amount.currency), 0))
    out_id, in_id = _post_legs(partner_id, key, amount, into, at)
    conversion = Conversion.objects.create(
        partner_id=partner_id,
        key=key,
        from_minor=amount.minor,
        from_currency=amount.currency,
        to_minor=into.minor,
        to_currency=into.currency,
        from_taxed_minor=taxed_minor,
        to_taxed_minor=_part_of(into, Money(taxed_minor, amount.currency), amount, rate.rate),
        rate=rate.rate,
        rated_on=rate.rated_on,
        source=rate.source,
        reason=reason,
        out_transfer_id=out_id,
        in_transfer_id=in_id,
        booked_by_id=actor.user_id,
        booked_at=at,
    )
    _tell_converted(conversion, actor=actor)
    return conversion


def _tell_converted(conversion: Conversion, *, actor: Actor) -> None:
    emit(
        "books.converted",
        subject=f"conversion:{conversion.id}",
        actor=actor,
        partner_id=conversion.partner_id,
        payload={
            "conversion_id": conversion.id,
            "amount_minor": conversion.from_minor,
            "currency": conversion.from_currency,
        },
        at=conversion.booked_at,
    )


def _part_of(into: Money, part: Money, whole: Money, rate: Decimal) -> int:
    """Return what became of a part of what was converted; all of it for the whole."""
    if part == whole:
        return into.minor
    return min(converted(part, into.currency, rate).minor, into.minor)


def _post_legs(
    partner_id: UUID, key: str, out: Money, into: Money, at: datetime
) -> tuple[int, int]:
    legs = (
        ("out", (AccountKind.PAYABLE, partner_id), (AccountKind.FX, None), out),
        ("in", (AccountKind.FX, None), (AccountKind.PAYABLE, partner_id), into),
    )
    posted = post_staged(
        [
            NewTransfer(
                kind="conversion",
                key=f"conversion:{key}:{leg}",
                journal=f"conversion:{key}",
                debit=(*debit, amount.currency),
                credit=(*credit, amount.currency),
                amount_minor=amount.minor,
                booked_at=at,
                partner_id=partner_id,
            )
            for leg, debit, credit, amount in legs
        ]
    )
    return posted[0].id, posted[1].id


# ---------------------------------------------------------------- caps


@transaction.atomic
def set_cap(*, program_id: UUID, percent: int, actor: Actor, at: datetime) -> None:
    """Say how much of a payout a program deducts at most for what was taken back; 100 lifts the cap.

    A repeat changes nothing. Emits books.cap_changed.
    """
    row = DeductionCap.objects.select_for_update().filter(program_id=program_id).first()
    before = row.percent if row else 100
    if before == percent:
        return
    if row:
        row.percent = percent
        row.save(update_fields=["percent"])
    else:
        DeductionCap.objects.create(program_id=program_id, percent=percent)
    emit(
        "books.cap_changed",
        subject=f"program:{program_id}",
        actor=actor,
        changes={"percent": [before, percent]},
        at=at,
        queue=False,
    )
