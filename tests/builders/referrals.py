"""Builders of programs, partners with people, and referrals at any stage."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from partners.directory.models import Enrollment, Partner
from partners.programs.models import Program
from prm.accounts.capabilities import Role
from prm.accounts.models import User
from prm.events.services import Actor
from prm.tenancy.models import Tenant
from referrals.intake.services import ReferralDraft, submit_referral
from referrals.pipeline.answer_models import ApprovalRoute
from referrals.pipeline.models import (
    Referral,
    Stage,
)
from referrals.pipeline.services import change_stage, ensure_stages
from tests.builders.objects import Cast, builds
from tests.builders.people import a_member


def a_program(slug: str = "referral", **fields: Any) -> Program:
    """Return the program of this name, made with its default stages when it is new."""
    program = Program.objects.filter(slug=slug).first()
    if program is None:
        program = Program.objects.create(
            **{"name": slug.capitalize(), "slug": slug, "currency": "EUR", **fields}
        )
        ensure_stages(program_id=program.id)
    return program


def a_partner(
    name: str = "Brightwater", *, program: Program | None = None, **fields: Any
) -> Partner:
    """Return the partner of this name, enrolled in the program."""
    partner = Partner.objects.filter(name_norm=name.lower()).first()
    if partner is None:
        partner = Partner.objects.create(name=name, name_norm=name.lower(), **fields)
    Enrollment.objects.get_or_create(partner=partner, program=program or a_program())
    return partner


@dataclass(frozen=True)
class People:
    """A partner and its people."""

    partner: Partner
    rep: User
    colleague: User
    admin: User


def people_of(
    tenant: Tenant, name: str = "Brightwater", *, program: Program | None = None
) -> People:
    """Make a partner with two reps and an admin; needs the tenant's open scope."""
    partner = a_partner(name, program=program)
    at = name.lower()

    def person(role: Role, who: str, full_name: str) -> User:
        return a_member(
            tenant,
            role,
            f"{who}@{at}.example",
            name=full_name,
            partner_id=partner.id,
            partner_name=name,
        )

    return People(
        partner=partner,
        rep=person(Role.PARTNER_REP, "rep", f"Rae {name}"),
        colleague=person(Role.PARTNER_REP, "colleague", f"Col {name}"),
        admin=person(Role.PARTNER_ADMIN, "admin", f"Abe {name}"),
    )


def a_draft(program: Program | None = None, **facts: Any) -> ReferralDraft:
    """Return the least a partner must say."""
    known = {
        "company": "Kestrel Logistics",
        "contact_name": "Tom Ashdown",
        "contact_email": "tom@kestrel.example",
    }
    return ReferralDraft(program_id=(program or a_program()).id, **{**known, **facts})


def a_referral(
    at: datetime,
    *,
    partner: Partner | None = None,
    by: User | None = None,
    stage: str = "submitted",
    key: UUID | None = None,
    program: Program | None = None,
    **facts: Any,
) -> Referral:
    """Submit a referral and walk it to the first stage of a kind, one hour a step; won is left to revenue."""
    partner = partner or a_partner(program=program)
    actor = Actor(user_id=by.id if by else None, name=str(by) if by else "")
    if "accepted" in ROUTES[stage] and "contact_email" not in facts:
        # A company of its own: only one open referral may claim it.
        facts["contact_email"] = f"tom@kestrel-{uuid4().hex[:8]}.example"
    referral = submit_referral(
        draft=a_draft(program, **facts),
        partner_id=partner.id,
        submitted_by_id=by.id if by else None,
        actor=actor,
        at=at,
        key=key or uuid4(),
    )
    for kind in ROUTES[stage]:
        change_stage(
            referral_id=referral.id,
            to_stage_id=stage_of(referral.program_id, kind).id,
            actor=Actor(user_id=None, kind="system"),
            at=at,
            reason="They chose another product." if kind in {"lost", "rejected"} else "",
        )
    referral.refresh_from_db()
    return referral


ROUTES: dict[str, tuple[str, ...]] = {
    "submitted": (),
    "accepted": ("accepted",),
    "qualified": ("accepted", "qualified"),
    "opportunity": ("accepted", "qualified", "opportunity"),
    "lost": ("accepted", "lost"),
    "rejected": ("rejected",),
    "expired": ("expired",),
}


def stage_of(program_id: UUID, kind: str) -> Stage:
    """Return the program's first live stage of a kind."""
    return Stage.objects.filter(program_id=program_id, kind=kind, retired_at=None).order_by(
        "position"
    )[0]


@builds("referral")
def _referral(cast: Cast) -> UUID:
    from tests.conftest import NOON

    return a_referral(
        NOON, partner=a_partner(cast.partner.name), by=cast.rep, company=f"Kestrel {uuid4()}"
    ).id


@builds("approval_route")
def _approval_route(cast: Cast) -> int:
    route = ApprovalRoute.objects.create(
        program=a_program(), position=1, name="Large deals", approvers=[cast.manager.id]
    )
    return route.id


@builds("stage")
def _stage(cast: Cast) -> int:
    return stage_of(a_program().id, "opportunity").id
