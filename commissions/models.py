"""The commissions' models, re-exported for Django."""

from commissions.acceptances.models import PlanAcceptance
from commissions.accruals.models import (
    Accrual,
    Clawback,
    HistoryPoint,
    PricedEvent,
    Release,
    RepPolicy,
    RewardInKind,
    TaxMark,
    WaitingReward,
)
from commissions.adjustments.models import Conversion, DeductionCap, ExchangeRate, WriteOff
from commissions.calendar.models import CalendarFeed
from commissions.choices.models import RewardChoice, RewardExchange, TakenReward
from commissions.closing.models import AccountCode, PeriodReport
from commissions.contests.models import Contest, ContestChange, ContestPlace, Prize
from commissions.gifts.models import Gift, GiftAward, GiftCode
from commissions.holds.models import EarlyRelease
from commissions.ledger.models import Account, Balance, ClosedPeriod, Transfer
from commissions.overrides.models import PlanOverride
from commissions.payouts.models import (
    AccountFault,
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
from commissions.simulation.models import CostTargets, SimulatedPartner, Simulation
from commissions.statements.models import (
    Dispute,
    Statement,
    StatementFile,
    StatementLine,
    StatementReading,
)
from commissions.tax.models import (
    StatementLogo,
    TaxForm,
    TaxPaper,
    TaxRequirement,
    TaxThreshold,
    Withholding,
    WithholdingRule,
    YearCertificate,
)
from commissions.teams.models import TeamShare, TeamSplit
from commissions.tiers.models import Benefit, Tier, TierNotice, TierRules, TierStanding
from commissions.vat.models import (
    PartnerInvoice,
    SelfBill,
    SelfBilling,
    VatCharge,
    VatRate,
    VatSettings,
    VatStatus,
)

__all__ = [
    "Account",
    "AccountCode",
    "AccountFault",
    "Accrual",
    "Balance",
    "Benefit",
    "CalendarFeed",
    "Clawback",
    "ClosedPeriod",
    "Contest",
    "ContestChange",
    "ContestPlace",
    "Conversion",
    "CostTargets",
    "DeductionCap",
    "Dispute",
    "EarlyRelease",
    "ExchangeRate",
    "FileTemplate",
    "Gift",
    "GiftAward",
    "GiftCode",
    "HistoryPoint",
    "PartnerInvoice",
    "Payout",
    "PayoutAccount",
    "PayoutExclusion",
    "PayoutLimit",
    "PayoutLine",
    "PayoutRun",
    "PayoutSettings",
    "PeriodReport",
    "PlanAcceptance",
    "PlanOverride",
    "PlanRule",
    "PlanVersion",
    "PricedEvent",
    "Prize",
    "Release",
    "RepPolicy",
    "ResultFile",
    "ResultRow",
    "RewardChoice",
    "RewardExchange",
    "RewardInKind",
    "RunApproval",
    "SelfBill",
    "SelfBilling",
    "SimulatedPartner",
    "Simulation",
    "Statement",
    "StatementFile",
    "StatementLine",
    "StatementLogo",
    "StatementReading",
    "TakenReward",
    "TaxForm",
    "TaxMark",
    "TaxPaper",
    "TaxRequirement",
    "TaxThreshold",
    "TeamShare",
    "TeamSplit",
    "Tier",
    "TierNotice",
    "TierRules",
    "TierStanding",
    "Transfer",
    "VatCharge",
    "VatRate",
    "VatSettings",
    "VatStatus",
    "WaitingReward",
    "Withholding",
    "WithholdingRule",
    "WriteOff",
    "YearCertificate",
]
