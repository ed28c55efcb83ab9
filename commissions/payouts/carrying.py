"""Which currencies a way of paying carries, and what of a partner's money it would leave where it is."""

from collections.abc import Iterable

from commissions.ledger.selectors import PartnerBalance
from commissions.payouts.localaccounts import CURRENCIES
from commissions.payouts.models import PayoutMethod
from commissions.payouts.rules import ACH_CURRENCY
from prm.money import Money


def carries(method: str, country: str, currency: str) -> bool:
    """Tell whether a payment in a currency can go to an account by a method; a run asks the same (payouts.freezing).

    country: of the account; read only for accounts that are known by their country's own numbers.
    """
    if method == PayoutMethod.ACH:
        return currency == ACH_CURRENCY
    if method == PayoutMethod.WISE_ACCOUNT:
        return currency == CURRENCIES.get(country)
    return True


def left_behind(method: str, country: str, balances: Iterable[PartnerBalance]) -> list[Money]:
    """Return what a partner has earned and would not be paid by a method, in the order of its balances.

    What is on its way to the bank goes where it was sent.
    """
    return [
        Money(row.owed - row.in_payout, row.currency)
        for row in balances
        if row.owed > row.in_payout and not carries(method, country, row.currency)
    ]
