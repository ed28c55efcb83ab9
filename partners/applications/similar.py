"""Who an applicant may be already: partners and applications of the same domain, address or company name."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q

from partners.applications.models import Application, ApplicationState
from partners.directory.models import Partner

SHOWN = 5
# Others looked at for one page of the queue.
MOST = 200


@dataclass(frozen=True)
class Similar:
    """One partner or application that resembles, and by what: domain, email or name."""

    row: Any
    why: str


@dataclass(frozen=True)
class Likeness:
    """What resembles one application."""

    partners: tuple[Similar, ...] = ()
    applications: tuple[Similar, ...] = ()

    @property
    def count(self) -> int:
        """How many resemble it."""
        return len(self.partners) + len(self.applications)


NOBODY = Likeness()


def hosts_of(domain: str) -> list[str]:
    """Return the forms in which partners keep a canonical domain."""
    return [domain, f"www.{domain}"] if domain else []


def partners_like(application: Application) -> list[Partner]:
    """Return the partners with the application's domain or company name, by name; at most five."""
    same = Q(domain__in=hosts_of(application.domain)) | Q(name_norm=application.company_norm)
    return list(Partner.objects.filter(same, merged_into=None).order_by("name", "id")[:SHOWN])


def likenesses(applications: Collection[Application]) -> dict[UUID, Likeness]:
    """Return what resembles each application of a page; two statements whatever their number."""
    if not applications:
        return {}
    domains = {row.domain for row in applications} - {""}
    names = {row.company_norm for row in applications} - {""}
    emails = {row.email for row in applications}
    hosts = [host for domain in domains for host in hosts_of(domain)]
    partners = list(
        Partner.objects.filter(Q(domain__in=hosts) | Q(name_norm__in=names), merged_into=None)
        .only("id", "name", "name_norm", "domain", "state")
        .order_by("name", "id")[:MOST]
    )
    others = list(
        Application.objects.filter(
            Q(domain__in=domains) | Q(email__in=emails) | Q(company_norm__in=names)
        )
        .exclude(state=ApplicationState.DRAFT)
        .only("id", "number", "company", "company_norm", "domain", "email", "state")
        .order_by("-submitted_at", "-id")[:MOST]
    )
    found: dict[UUID, tuple[list[Similar], list[Similar]]] = defaultdict(lambda: ([], []))
    for row in applications:
        for partner in partners:
            if row.domain and partner.domain.removeprefix("www.") == row.domain:
                found[row.id][0].append(Similar(partner, "domain"))
            elif row.company_norm and partner.name_norm == row.company_norm:
                found[row.id][0].append(Similar(partner, "name"))
        for other in others:
            if other.id != row.id and (why := _sameness(row, other)):
                found[row.id][1].append(Similar(other, why))
    return {
        identity: Likeness(tuple(partners[:SHOWN]), tuple(applications[:SHOWN]))
        for identity, (partners, applications) in found.items()
    }


def _sameness(row: Application, other: Application) -> str:
    if row.email == other.email:
        return "email"
    if row.domain and row.domain == other.domain:
        return "domain"
    return "name" if row.company_norm and row.company_norm == other.company_norm else ""
