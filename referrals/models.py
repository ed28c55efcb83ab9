"""The referrals' models, re-exported for Django."""

from referrals.capture.models import Receipt, SubmitLink
from referrals.imports.models import Import, ImportProblem
from referrals.pipeline.models import Referral, ReferralNote, Stage, StageChange, StageMove
from referrals.revenue.models import Customer, RevenueEvent

__all__ = [
    "Customer",
    "Import",
    "ImportProblem",
    "Receipt",
    "Referral",
    "ReferralNote",
    "RevenueEvent",
    "Stage",
    "StageChange",
    "StageMove",
    "SubmitLink",
]
