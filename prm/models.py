"""The ground's models, re-exported for Django."""

from prm.accounts.models import Invitation, Membership, PartnerView, User
from prm.api.models import ApiKey, IdempotencyKey, ServerEvent
from prm.events.models import Event, EventSeal, HandledEvent, QueuedEvent
from prm.jobs.models import Job, JobPart
from prm.notices.models import AccountMail, Mail, Notice, NoticePreference
from prm.tenancy.models import Counter, Tenant
from prm.uploads.models import Upload
from prm.workhours.models import ClosedDay, WorkCalendar

__all__ = [
    "AccountMail",
    "ApiKey",
    "ClosedDay",
    "Counter",
    "Event",
    "EventSeal",
    "HandledEvent",
    "IdempotencyKey",
    "Invitation",
    "Job",
    "JobPart",
    "Mail",
    "Membership",
    "Notice",
    "NoticePreference",
    "PartnerView",
    "QueuedEvent",
    "ServerEvent",
    "Tenant",
    "Upload",
    "User",
    "WorkCalendar",
]
