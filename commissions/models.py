"""The commissions' models, re-exported for Django."""

from commissions.acceptances.models import PlanAcceptance
from commissions.accruals.models import Accrual, Clawback, Release
from commissions.calendar.models import CalendarFeed
from commissions.holds.models import EarlyRelease
from commissions.ledger.models import Account, Balance, Transfer
from commissions.overrides.models import PlanOverride
from commissions.payouts.models import (
    FileTemplate,
    Payout,
    PayoutAccount,
    PayoutExclusion,
    PayoutLimit,
    PayoutLine,
    PayoutRun,
    PayoutSettings,
    RunApproval,
)
from commissions.plans.models import PlanRule, PlanVersion
from commissions.results.models import ResultFile, ResultRow
from commissions.statements.models import Statement, StatementLine

__all__ = [
    "Account",
    "Accrual",
    "Balance",
    "CalendarFeed",
    "Clawback",
    "EarlyRelease",
    "FileTemplate",
    "Payout",
    "PayoutAccount",
    "PayoutExclusion",
    "PayoutLimit",
    "PayoutLine",
    "PayoutRun",
    "PayoutSettings",
    "PlanAcceptance",
    "PlanOverride",
    "PlanRule",
    "PlanVersion",
    "Release",
    "ResultFile",
    "ResultRow",
    "RunApproval",
    "Statement",
    "StatementLine",
    "Transfer",
]
