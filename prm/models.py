"""The ground's models, re-exported for Django."""

from prm.accounts.models import Invitation, Membership, PartnerView, User
from prm.events.models import Event, EventSeal, HandledEvent, QueuedEvent
from prm.jobs.models import Job
from prm.notices.models import AccountMail, Mail, Notice, NoticePreference
from prm.tenancy.models import Counter, Tenant
from prm.uploads.models import Upload

__all__ = [
    "AccountMail",
    "Counter",
    "Event",
    "EventSeal",
    "HandledEvent",
    "Invitation",
    "Job",
    "Mail",
    "Membership",
    "Notice",
    "NoticePreference",
    "PartnerView",
    "QueuedEvent",
    "Tenant",
    "Upload",
    "User",
]
