"""Reads about admissions and applications: what the public pages show, and how somebody stands already."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import connection
from django.db.models import Q
from django.utils.translation import ngettext

from partners.applications.links import link_hash, link_token
from partners.applications.models import Admission, Application, ApplicationState
from partners.applications.rules import DRAFT_DAYS
from partners.directory.models import Partner, PartnerState
from partners.programs.models import Program
from prm.accounts.models import Membership
from prm.accounts.selectors import person_with
from prm.tenancy.links import tenant_url
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.web.domains import canonical_domain
from prm.web.formats import number_text

UNDECIDED = (ApplicationState.SUBMITTED, ApplicationState.INFO_ASKED, ApplicationState.COURSE)
# Under so many cases a median is a coincidence.
ENOUGH = 5
LOOKED_BACK_DAYS = 365
_KEPT_SECONDS = 600


@dataclass(frozen=True)
class Typical:
    """A median of real cases: its value in days, how many cases, and the day it was counted.

    days: None when there are fewer than five.
    """

    days: float | None
    count: int
    counted_on: date

    @property
    def words(self) -> str:
        """The median as people say it: hours under two days, whole days from then on; empty when it is not known."""
        if self.days is None:
            return ""
        if self.days < 2:
            hours = max(1, round(self.days * 24))
            return ngettext("%(count)s hour", "%(count)s hours", hours) % {
                "count": number_text(hours)
            }
        whole = round(self.days)
        return ngettext("%(count)s day", "%(count)s days", whole) % {"count": number_text(whole)}


@dataclass(frozen=True)
class PublicProgram:
    """A program whose page is published, and how it admits."""

    program: Program
    admission: Admission


def public_program(slug: str) -> PublicProgram | None:
    """Return the published, open program of an address."""
    admission = (
        Admission.objects.filter(
            program__slug=slug, program__closed_at=None, published_at__isnull=False
        )
        .select_related("program")
        .first()
    )
    return PublicProgram(admission.program, admission) if admission else None


def public_programs() -> list[PublicProgram]:
    """Return every published, open program by name."""
    rows = (
        Admission.objects.filter(program__closed_at=None, published_at__isnull=False)
        .select_related("program")
        .order_by("program__name", "program_id")
    )
    return [PublicProgram(row.program, row) for row in rows]


def has_public_programs() -> bool:
    """Tell whether anybody can apply to the open tenant at all."""
    return Admission.objects.filter(program__closed_at=None, published_at__isnull=False).exists()


def admission_of(program_id: UUID) -> Admission:
    """Return how a program admits; the defaults, unsaved, before anybody set it."""
    found = Admission.objects.filter(program_id=program_id).first()
    return found or Admission(program_id=program_id)


def median_days(name: str, statement: str, program_id: UUID, at: datetime) -> Typical:
    """Return a median in days of the program's cases of the last 365 days, kept for ten minutes under a name.

    statement: SQL that returns (seconds, count) of %(program)s since %(since)s.
    """
    key = f"median:{name}:{current_scope().tenant_id}:{program_id}"
    found: Typical | None = cache.get(key)
    if found is None:
        with connection.cursor() as cursor:
            since = at - timedelta(days=LOOKED_BACK_DAYS)
            cursor.execute(statement, {"program": program_id, "since": since})
            seconds, count = cursor.fetchone()
        days = None if seconds is None else float(seconds) / 86_400
        found = Typical(days if count >= ENOUGH else None, count, at.date())
        cache.set(key, found, _KEPT_SECONDS)
    return found


_DECISIONS = """
select percentile_cont(0.5) within group (order by extract(epoch from decided_at - submitted_at)), count(*)
from partners_application
where program_id = %(program)s and state in ('approved', 'declined') and decided_by_id is not null
  and decided_at >= %(since)s and submitted_at is not null
"""


def decision_time(program_id: UUID, at: datetime) -> Typical:
    """Return how long people took to decide on the program's applications in the last 365 days."""
    return median_days("decision", _DECISIONS, program_id, at)


@dataclass(frozen=True)
class Standing:
    """How an applicant stands already: open, colleague, partner or early; url or day of what to do instead."""

    why: str
    url: str = ""
    day: date | None = None


def standing_of(draft: Application, *, today: date) -> Standing | None:
    """Return what stands in the way of one more application, None when nothing does.

    A company counts as the applicant's only when the mail address is of its domain: a web address can be anybody's.
    """
    tenant = Tenant.objects.defer("logo").get(id=current_scope().tenant_id)
    domain = canonical_domain(draft.email)
    same = Q(email=draft.email) | (Q(domain=domain) if domain else Q())
    others = list(
        Application.objects.filter(same, program_id=draft.program_id)
        .filter(Q(state__in=UNDECIDED) | Q(state=ApplicationState.DECLINED, reapply_on__gt=today))
        .exclude(id=draft.id)
        .order_by("-submitted_at", "-id")[:20]
    )
    for other in others:
        if other.state in UNDECIDED and other.email == draft.email:
            url = tenant_url(tenant, "partners:application-status", token=link_token(other))
            return Standing("open", url=url)
    if any(other.state in UNDECIDED for other in others):
        return Standing("colleague")
    if _belongs_here(draft.email) or (domain and _is_partner(domain)):
        return Standing("partner", url=tenant_url(tenant, "account_login"))
    days = [other.reapply_on for other in others if other.reapply_on]
    return Standing("early", day=max(days)) if days else None


def _belongs_here(email: str) -> bool:
    person = person_with(email)
    return (
        person is not None
        and Membership.objects.filter(
            user=person,
            tenant_id=current_scope().tenant_id,
            ended_at=None,
            partner_id__isnull=False,
        ).exists()
    )


def _is_partner(domain: str) -> bool:
    hosts = [domain, f"www.{domain}"]
    return (
        Partner.objects.filter(domain__in=hosts, merged_into=None)
        .exclude(state=PartnerState.ENDED)
        .exists()
    )


def application_of(token: str) -> Application | None:
    """Return the application that an applicant's own link opens, None for an unknown or tampered one."""
    return Application.objects.filter(link_hash=link_hash(token)).select_related("program").first()


def is_expired(application: Application, at: datetime) -> bool:
    """Tell whether it is a draft that lay untouched for too long."""
    return application.state == ApplicationState.DRAFT and application.created_at < at - timedelta(
        days=DRAFT_DAYS
    )


def live_draft(application_id: UUID, at: datetime) -> Application | None:
    """Return a draft that can still be changed, with its program."""
    found = (
        Application.objects.filter(id=application_id, state=ApplicationState.DRAFT)
        .select_related("program")
        .first()
    )
    return None if found is None or is_expired(found, at) else found


def typed_values(draft: Application) -> dict[str, Any]:
    """Return what a draft's applicant typed so far, by question."""
    return {answer["key"]: answer.get("value", "") for answer in draft.answers}
