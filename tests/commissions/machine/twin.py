"""Tells the same story to another tenant in another order: whatever arrives when, the balances end the same."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from django.db.models import F, Sum

from commissions.accruals.models import Accrual
from prm.tenancy.scope import tenant_scope
from tests.commissions.machine.books import Books
from tests.commissions.machine.budgets import kept_waiting
from tests.commissions.machine.story import Deal, Paid, Refunded, Setting


@dataclass(frozen=True)
class _Given:
    """The last word on whose a deal is."""

    deal: Deal


def earned(books: Books) -> dict[str, int]:
    """Return what every partner earned and kept, what waits for a budget included, by its name; no zeros."""
    found: dict[str, int] = defaultdict(int)
    with tenant_scope(books.tenant.id):
        rows = Accrual.objects.values_list("partner__name").annotate(
            kept=Sum(F("amount_minor") - F("clawed_minor"))
        )
        for name, kept in (*rows, *kept_waiting(books.story)):
            found[name] += int(kept)
    return {name: kept for name, kept in found.items() if kept}


def agree(books: Books, twin: Books) -> bool:
    """Tell whether two orders end the same: all of it exactly, shares of one deal but for the cents of refunds."""
    one, other = earned(books), earned(twin)
    story = books.story
    return sum(one.values()) == sum(other.values()) and all(
        abs(one.get(name, 0) - other.get(name, 0)) <= 2 * story.slack(story.group(name))
        for name in story.live
    )


def twin_of(books: Books, chance: Random) -> Books:
    """Book what happened, each at its own moment, in an order that only keeps a refund behind its payment."""
    setting = Setting(books.setting.flavour, books.setting.hold_days)
    twin, told = Books(setting), books.story
    while len(twin.partners) < len(books.partners):
        twin.join()
    with tenant_scope(twin.tenant.id):
        for (starts_at, rate), (_, budget_minor) in zip(
            told.plans[1:], told.budgets[1:], strict=True
        ):
            twin.story.budget_minor = budget_minor
            twin.publish(rate, starts_at, starts_at - timedelta(hours=1))
    for at, name, word in told.policies:
        twin.now = at
        twin.allow(name, word, at)
    deals = {id(row): _as_won(row) for row in told.deals}
    payments: dict[int, Paid] = {}
    waiting: list[Deal | Paid | Refunded | _Given] = [*told.deals, *told.refunds]
    waiting += [row for row in told.payments if not row.is_sale]
    waiting += [_Given(row) for row in told.deals if row.shares or row.won_as]
    twin.now = books.now
    while waiting:
        row = chance.choice([row for row in waiting if _may_come(row, deals, payments)])
        waiting.remove(row)
        if isinstance(row, _Given):
            copied = deals[id(row.deal)]
            if row.deal.won_as and copied.partner == row.deal.partner:
                # It came back: its person lost it on the way.
                twin.book_move(
                    copied, next(name for name in twin.partners if name != copied.partner)
                )
            if row.deal.won_as:
                twin.book_move(copied, row.deal.partner)
            if row.deal.shares:
                twin.book_shares(copied, row.deal.shares)
        elif isinstance(row, Deal):
            twin.book_win(deals[id(row)])
            sale = next(paid for paid in told.payments if paid.is_sale and paid.deal is row)
            payments[id(sale)] = twin.story.payments[-1]
        elif isinstance(row, Paid):
            copy = payments[id(row)] = Paid(deals[id(row.deal)], row.minor, row.at)
            twin.book_payment(copy)
        else:
            payment = payments[id(row.payment)]
            twin.book_refund(Refunded(payment, row.minor, row.at, row.kind, row.name))
    for gone, stays in told.merges:
        twin.merge_into(gone, stays)
    return twin


def _as_won(deal: Deal) -> Deal:
    """Return a deal as it was when it was won."""
    partner, by_rep = deal.won_as or (deal.partner, deal.by_rep)
    return Deal(partner, deal.at, deal.minor, by_rep, deal.company)


def _may_come(
    row: Deal | Paid | Refunded | _Given, deals: dict[int, Deal], payments: dict[int, Paid]
) -> bool:
    """A payment and a word on shares need their customer, a refund its payment."""
    if isinstance(row, Paid | _Given):
        return deals[id(row.deal)].customer is not None
    return isinstance(row, Deal) or id(row.payment) in payments
