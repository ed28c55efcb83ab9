"""Inviting many partners at once: addresses pasted or in a file, a result for each."""

import re
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q
from django.utils.translation import gettext

from partners.applications.decide import agreement_waits
from partners.applications.sheets import RowRefused
from partners.applications.similar import hosts_of
from partners.directory.models import EnrollmentState, Partner, PartnerType
from partners.directory.rules import folded_name
from partners.directory.services import PartnershipEnded, add_partner, enroll, invite_person
from prm.accounts.capabilities import Role
from prm.accounts.models import Invitation
from prm.accounts.rules import tidy_email
from prm.accounts.services import AlreadyMember
from prm.events.services import Actor
from prm.web.choices import country_choices
from prm.web.domains import canonical_domain

COLUMNS = ("company", "email", "name", "type", "country", "website")
REQUIRED = ("email",)
EXAMPLES = (
    ("Larkfield Accounting", "noor@larkfield.example", "Noor Lark", "accountant", "IE", ""),
    ("", "kim@elm-agency.example", "Kim Elm", "agency", "", "https://elm-agency.example"),
)
MAX_PASTED = 500
_NAMED = re.compile(r"\s*\"?(?P<name>[^<\"]*?)\"?\s*<(?P<email>[^<>\s]+)>\s*")


def pasted_rows(text: str) -> list[tuple[str, ...]]:
    """Return what was pasted as rows of COLUMNS: one a line, or several addresses apart by commas or semicolons.

    A line is an address, "Name <address>", or "Company; address; name" (also with tabs).
    """
    rows: list[tuple[str, ...]] = []
    for line in text.splitlines():
        parts = [part.strip() for part in re.split(r"[;\t,]", line) if part.strip()]
        if not parts:
            continue
        if len(parts) in {2, 3} and sum("@" in part for part in parts) == 1 and "@" in parts[1]:
            name, email = _named(parts[1])
            rows.append((parts[0], email, parts[2] if len(parts) == 3 else name, "", "", ""))
            continue
        for part in parts:
            name, email = _named(part)
            rows.append(("", email, name, "", "", ""))
    return rows


def _named(part: str) -> tuple[str, str]:
    found = _NAMED.fullmatch(part)
    return (found["name"], found["email"]) if found else ("", part)


def invite_row(
    cells: dict[str, str], *, program_id: UUID | None, actor: Actor, at: datetime
) -> tuple[str, str]:
    """Invite one row's person into its company, which becomes a partner unless it is one; return result and words.

    An address that is a member, or holds an open invitation of the same partner, is left as it is.
    Raises RowRefused. Emits partner.added, partner.enrolled, invitation.sent.
    """
    email = tidy_email(cells.get("email", ""))
    try:
        validate_email(email)
    except ValidationError as error:
        raise RowRefused(
            gettext("%(text)s is no email address") % {"text": cells.get("email", "") or "–"}
        ) from error
    partner = _partner(cells, email)
    if partner is None:
        partner = _new_partner(cells, email, actor=actor, at=at)
    elif partner.merged_into_id is not None:
        raise RowRefused(
            gettext("%(name)s was merged into another partner") % {"name": partner.name}
        )
    waiting = Invitation.objects.filter(
        partner_id=partner.id, email=email, accepted_at=None, revoked_at=None, expires_at__gt=at
    )
    if waiting.exists():
        return "there_already", gettext("Invited already into %(name)s") % {"name": partner.name}
    try:
        invite_person(
            partner_id=partner.id,
            email=email,
            name=cells.get("name", "")[:120],
            role=Role.PARTNER_ADMIN,
            actor=actor,
            at=at,
        )
    except AlreadyMember:
        return "there_already", gettext("Works for %(name)s already") % {"name": partner.name}
    except PartnershipEnded as ended:
        raise RowRefused(
            gettext("%(name)s has ended. Take the partner up again first.") % {"name": partner.name}
        ) from ended
    if program_id is not None:
        waits = agreement_waits(partner_id=partner.id, program_id=program_id)
        enroll(
            partner_id=partner.id,
            program_id=program_id,
            actor=actor,
            at=at,
            state=EnrollmentState.APPROVED if waits else EnrollmentState.ACTIVE,
        )
    return "done", gettext("Invited into %(name)s") % {"name": partner.name}


def _partner(cells: dict[str, str], email: str) -> Partner | None:
    """Return the partner of the company's name, else of its domain; raises RowRefused when several share it."""
    name = folded_name(cells.get("company", ""))
    if name and (named := Partner.objects.filter(name_norm=name).first()):
        return named
    domain = canonical_domain(cells.get("website", "")) or canonical_domain(email)
    if not domain:
        return None
    found = list(
        Partner.objects.filter(Q(domain__in=hosts_of(domain)), merged_into=None).order_by("id")[:2]
    )
    if len(found) > 1:
        raise RowRefused(
            gettext("Several partners have the domain %(domain)s: name the company")
            % {"domain": domain}
        )
    if found and name:
        raise RowRefused(
            gettext("%(name)s has the same domain: use its name, or invite this one singly")
            % {"name": found[0].name}
        )
    return found[0] if found else None


def _new_partner(cells: dict[str, str], email: str, *, actor: Actor, at: datetime) -> Partner:
    domain = canonical_domain(cells.get("website", "")) or canonical_domain(email)
    name = cells.get("company", "") or domain
    if not name:
        raise RowRefused(
            gettext("Name the company: the address is of a mail provider for everybody")
        )
    kind = cells.get("type", "").lower() or PartnerType.REFERRAL
    if kind not in PartnerType.values:
        raise RowRefused(
            gettext("%(text)s is no type; use %(types)s")
            % {"text": kind, "types": ", ".join(PartnerType.values)}
        )
    country = cells.get("country", "").upper()
    if country and country not in dict(country_choices()):
        raise RowRefused(
            gettext("%(text)s is no country code; use one such as IE") % {"text": country}
        )
    return add_partner(
        name=name[:160],
        type=kind,
        country=country,
        website=cells.get("website", "")[:200] or domain,
        actor=actor,
        at=at,
    )
