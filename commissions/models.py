"""The commissions' models, re-exported for Django."""

from commissions.accruals.models import Accrual, Clawback, Release
from commissions.ledger.models import Account, Balance, Transfer
from commissions.payouts.models import Payout, PayoutAccount, PayoutExclusion, PayoutLine, PayoutRun
from commissions.plans.models import PlanRule, PlanVersion
from commissions.statements.models import Statement, StatementLine

__all__ = [
    "Account",
    "Accrual",
    "Balance",
    "Clawback",
    "Payout",
    "PayoutAccount",
    "PayoutExclusion",
    "PayoutLine",
    "PayoutRun",
    "PlanRule",
    "PlanVersion",
    "Release",
    "Statement",
    "StatementLine",
    "Transfer",
]
