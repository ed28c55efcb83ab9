"""Prospects: organisations the vendor would like as partners, from the first note to their first day."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext

from partners.applications.decide import agreement_waits
from partners.applications.fit import Facts, Field, fit_parts
from partners.applications.links import invited_ticket
from partners.applications.models import Admission, Application, Prospect, ProspectState
from partners.applications.sheets import RowRefused
from partners.directory.models import EnrollmentState, Partner, PartnerState, PartnerType
from partners.directory.panels import counts_of
from partners.directory.rules import folded_name
from partners.directory.services import (
    PartnerNameTaken,
    PartnershipEnded,
    add_partner,
    enroll,
    invite_person,
)
from partners.programs.models import Program
from prm.accounts.capabilities import Role
from prm.accounts.services import AlreadyMember
from prm.events.services import Actor, emit
from prm.notices.services import queue_mail
from prm.tenancy.links import tenant_url
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.web.choices import country_choices
from prm.web.domains import canonical_domain

FACTS = (
    "company",
    "contact",
    "email",
    "country",
    "type",
    "staff_count",
    "client_count",
    "notes",
    "source",
    "campaign",
    "program_id",
    "owner_id",
    "website",
)
COLUMNS = (
    "company",
    "contact",
    "email",
    "website",
    "country",
    "type",
    "staff_count",
    "client_count",
    "notes",
    "source",
    "campaign",
)
EXAMPLES = (
    (
        "Larkfield Accounting",
        "Noor Lark",
        "noor@larkfield.example",
        "larkfield.example",
        "IE",
        "accountant",
        "12",
        "40",
        "Met at the spring fair",
        "fair",
        "spring",
    ),
)
OPEN = (ProspectState.NEW, ProspectState.CONTACTED, ProspectState.INVITED, ProspectState.APPLIED)
# Set by a person; the others follow from what the prospect does.
SETTABLE = (ProspectState.NEW, ProspectState.CONTACTED, ProspectState.DROPPED)
# Partners that the fit is measured against, the newest ones, and the seconds for which they are remembered.
_LOOKED_AT = 1_000
_KEPT_SECONDS = 600


class ProspectExists(ValueError):
    """Another prospect has this name."""


class CannotInvite(ValueError):
    """The prospect cannot be invited so; the text says why, in the active language."""


@transaction.atomic
def add_prospect(*, actor: Actor, at: datetime, **facts: Any) -> Prospect:
    """Write down an organisation that could become a partner, with its fit.

    facts: FACTS; website only gives the domain. Raises ProspectExists. Emits prospect.added.
    """
    prospect = Prospect(created_at=at)
    _set(prospect, facts)
    _written(prospect)
    _tell("prospect.added", prospect, actor, at)
    return prospect


@transaction.atomic
def edit_prospect(*, prospect_id: UUID, actor: Actor, at: datetime, **facts: Any) -> Prospect:
    """Change what is known of a prospect; its fit is measured anew. Raises ProspectExists. Emits prospect.edited."""
    prospect = Prospect.objects.select_for_update(no_key=True).get(id=prospect_id)
    _set(prospect, facts)
    _written(prospect)
    _tell("prospect.edited", prospect, actor, at)
    return prospect


@transaction.atomic
def move_prospect(*, prospect_id: UUID, state: str, actor: Actor, at: datetime) -> Prospect:
    """Say that a prospect was contacted, dropped, or taken up again; the state it has writes nothing.

    Raises ValueError for states that only follow from what the prospect does. Emits prospect.state_changed.
    """
    if state not in SETTABLE:
        raise ValueError(f"{state} is not set by hand")
    prospect = Prospect.objects.select_for_update(no_key=True).get(id=prospect_id)
    if prospect.state not in {state, ProspectState.PARTNER}:
        _move(prospect, state, actor, at)
    return prospect


@transaction.atomic
def invite_to_apply(*, prospect_id: UUID, program_id: UUID, actor: Actor, at: datetime) -> Prospect:
    """Mail the prospect a link that opens the program's form, also where it is closed to others; good for 60 days.

    Raises CannotInvite. Emits prospect.invited.
    """
    prospect = _invitable(prospect_id)
    program = Program.objects.get(id=program_id)
    admission = Admission.objects.filter(program=program, published_at__isnull=False).first()
    if admission is None or not program.is_open:
        raise CannotInvite(gettext("The program's page is not published"))
    tenant = Tenant.objects.defer("logo").get(id=current_scope().tenant_id)
    apply_url = tenant_url(tenant, "partners:apply", program=program.slug)
    with translation.override(tenant.language):
        facts = {"vendor": tenant.name, "program": program.name, "who": actor.name or tenant.name}
        context = {
            "title": gettext("%(vendor)s invites you to become a partner") % facts,
            "lines": [
                gettext("%(who)s of %(vendor)s would like you in the program %(program)s.") % facts,
                gettext("Apply in two short screens. The link is yours and works for 60 days."),
            ],
            "button": gettext("Apply"),
            "url": f"{apply_url}?invited={invited_ticket(prospect.id)}",
            "reason": gettext("You get this mail because %(who)s invited you.") % facts,
        }
    queue_mail(
        key=f"prospect.invited:{prospect.id}:{at:%Y%m%d%H%M}",
        kind="prospect.invited",
        to=prospect.email,
        template="emails/application/decision",
        context=context,
        language=tenant.language,
    )
    prospect.program = program
    _invited(prospect, actor, at)
    return prospect


@transaction.atomic
def make_partner(
    *,
    prospect_id: UUID,
    program_id: UUID | None,
    actor: Actor,
    at: datetime,
    into_partner_id: UUID | None = None,
) -> Partner:
    """Make a prospect a partner at once, enrol it and invite its contact as admin; its notes stay with it.

    into_partner_id: a partner that is there already. Raises CannotInvite. Emits partner.added, partner.enrolled,
    invitation.sent, prospect.invited.
    """
    prospect = _invitable(prospect_id)
    partner = _partner_of(prospect, into_partner_id, actor, at)
    if program_id is not None:
        waits = agreement_waits(partner_id=partner.id, program_id=program_id)
        enroll(
            partner_id=partner.id,
            program_id=program_id,
            actor=actor,
            at=at,
            state=EnrollmentState.APPROVED if waits else EnrollmentState.ACTIVE,
        )
    prospect.partner = partner
    prospect.program_id = program_id or prospect.program_id
    try:
        invite_person(
            partner_id=partner.id,
            email=prospect.email,
            name=prospect.contact,
            role=Role.PARTNER_ADMIN,
            actor=actor,
            at=at,
        )
    except AlreadyMember:
        _move(prospect, ProspectState.PARTNER, actor, at)
        return partner
    except PartnershipEnded as ended:
        words = gettext("%(name)s has ended. Take the partner up again first.")
        raise CannotInvite(words % {"name": partner.name}) from ended
    _invited(prospect, actor, at)
    return partner


@transaction.atomic
def follow_application(*, application_id: UUID, actor: Actor, at: datetime) -> Prospect | None:
    """Let the prospect that applied move on: by its invitation, else by the same address or domain.

    A repeat writes nothing. Emits prospect.state_changed.
    """
    application = Application.objects.select_for_update(no_key=True).get(id=application_id)
    rows = Prospect.objects.select_for_update(no_key=True)
    if application.prospect_id:
        prospect = rows.filter(id=application.prospect_id).first()
    else:
        prospect = rows.filter(email=application.email, state__in=OPEN).first() or (
            rows.filter(domain=application.domain, state__in=OPEN).first()
            if application.domain
            else None
        )
    if prospect is None:
        return None
    if application.prospect_id is None:
        application.prospect_id = prospect.id
        application.save(update_fields=["prospect_id"])
    if application.partner_id:
        prospect.partner_id = application.partner_id
        if prospect.state != ProspectState.PARTNER:
            _move(prospect, ProspectState.PARTNER, actor, at)
    elif prospect.state in OPEN and prospect.state != ProspectState.APPLIED:
        _move(prospect, ProspectState.APPLIED, actor, at)
    return prospect


@transaction.atomic
def follow_partner(*, partner_id: UUID, actor: Actor, at: datetime) -> None:
    """Somebody of an invited prospect's partner is in: the prospect is a partner. A repeat writes nothing."""
    prospects = Prospect.objects.select_for_update(no_key=True).filter(
        partner_id=partner_id, state__in=OPEN
    )
    for prospect in prospects.order_by("id"):
        _move(prospect, ProspectState.PARTNER, actor, at)


def prospect_row(cells: dict[str, str], *, actor: Actor, at: datetime) -> tuple[str, str]:
    """Write one row of a file down as a prospect; return result and words. Raises RowRefused."""
    if not cells.get("company"):
        raise RowRefused(gettext("Name the company"))
    facts: dict[str, Any] = {name: cells.get(name, "") for name in COLUMNS}
    kind = facts["type"].lower() or PartnerType.REFERRAL
    if kind not in PartnerType.values:
        raise RowRefused(
            gettext("%(text)s is no type; use %(types)s")
            % {"text": kind, "types": ", ".join(PartnerType.values)}
        )
    facts["type"], facts["country"] = kind, facts["country"].upper()
    if facts["country"] not in dict(country_choices()):
        raise RowRefused(
            gettext("%(text)s is no country code; use one such as IE") % {"text": facts["country"]}
        )
    if facts["email"] and "@" not in facts["email"]:
        raise RowRefused(gettext("%(text)s is no email address") % {"text": facts["email"]})
    for name in ("staff_count", "client_count"):
        text = facts[name]
        if text and not (text.isascii() and text.isdigit() and len(text) < 8):
            raise RowRefused(gettext("%(text)s is no whole number") % {"text": text})
        facts[name] = int(text) if text else None
    try:
        add_prospect(actor=actor, at=at, **facts)
    except ProspectExists:
        return "there_already", gettext("A prospect of this name is there already")
    return "done", ""


def field_of_partners() -> Field:
    """Return what the vendor's thousand newest partners are like; remembered for ten minutes."""
    key = f"prospect-field:{current_scope().tenant_id}"
    found: Field | None = cache.get(key)
    if found is None:
        rows = list(
            Partner.objects.filter(state=PartnerState.ACTIVE)
            .order_by("-created_at", "-id")
            .values_list("id", "type", "country")[:_LOOKED_AT]
        )
        counts = counts_of([identity for identity, _type, _country in rows])
        winners = {identity for identity, count in counts.items() if count.won_count}
        found = Field(
            types=Counter(kind for _id, kind, _country in rows),
            countries=Counter(country for _id, _type, country in rows if country),
            won=Counter((kind, country) for identity, kind, country in rows if identity in winners),
        )
        cache.set(key, found, _KEPT_SECONDS)
    return found


def _set(prospect: Prospect, facts: dict[str, Any]) -> None:
    if unknown := facts.keys() - set(FACTS):
        raise TypeError(f"a prospect has no {', '.join(sorted(unknown))}")
    website = facts.pop("website", None)
    for name, value in facts.items():
        setattr(prospect, name, value.strip() if isinstance(value, str) else value)
    prospect.company = " ".join(prospect.company.split())[:160]
    prospect.company_norm = folded_name(prospect.company)
    prospect.email = prospect.email.lower()[:254]
    for name, length in (("contact", 120), ("source", 80), ("campaign", 80)):
        setattr(prospect, name, getattr(prospect, name)[:length])
    if website is not None or not prospect.domain:
        prospect.domain = canonical_domain(website or "") or canonical_domain(prospect.email)
    known = Facts(
        type=prospect.type,
        country=prospect.country,
        staff_count=prospect.staff_count,
        client_count=prospect.client_count,
        domain=prospect.domain,
    )
    parts = fit_parts(known, field_of_partners())
    prospect.fit_parts = [part.stored() for part in parts]
    prospect.fit = sum(part.points for part in parts)


def _written(prospect: Prospect) -> None:
    try:
        with transaction.atomic():
            prospect.save()
    except IntegrityError as clash:
        if "prospect_once" in str(clash):
            raise ProspectExists(prospect.company) from clash
        raise


def _invitable(prospect_id: UUID) -> Prospect:
    prospect = Prospect.objects.select_for_update(no_key=True).get(id=prospect_id)
    if prospect.state == ProspectState.PARTNER:
        raise CannotInvite(gettext("It is a partner already"))
    if not prospect.email:
        raise CannotInvite(gettext("Write down an email address first"))
    return prospect


def _partner_of(
    prospect: Prospect, into_partner_id: UUID | None, actor: Actor, at: datetime
) -> Partner:
    chosen = into_partner_id or prospect.partner_id
    if chosen is not None:
        return Partner.objects.get(id=chosen, merged_into=None)
    try:
        return add_partner(
            name=prospect.company,
            type=prospect.type,
            country=prospect.country,
            website=prospect.domain,
            manager_id=prospect.owner_id,
            actor=actor,
            at=at,
        )
    except PartnerNameTaken as taken:
        raise CannotInvite(
            gettext("A partner is called %(name)s already. Choose it.") % {"name": prospect.company}
        ) from taken


def _invited(prospect: Prospect, actor: Actor, at: datetime) -> None:
    prospect.state, prospect.invited_at = ProspectState.INVITED, at
    prospect.save(update_fields=["state", "invited_at", "partner", "program"])
    _tell("prospect.invited", prospect, actor, at)


def _move(prospect: Prospect, state: str, actor: Actor, at: datetime) -> None:
    before, prospect.state = prospect.state, state
    prospect.save(update_fields=["state", "partner", "program"])
    _tell("prospect.state_changed", prospect, actor, at, changes={"state": [before, state]})


def _tell(
    event: str,
    prospect: Prospect,
    actor: Actor,
    at: datetime,
    changes: dict[str, Sequence[Any]] | None = None,
) -> None:
    emit(
        event,
        subject=f"prospect:{prospect.id}",
        actor=actor,
        payload={"prospect_id": str(prospect.id)},
        changes={name: list(pair) for name, pair in (changes or {}).items()},
        at=at,
    )
