"""The demo's doors besides the form: keys of programs that call, one revoked, and a colleague's signed link in use."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from prm.accounts.capabilities import Role
from prm.accounts.models import Membership, User
from prm.api.models import ApiKey
from prm.api.rules import PARTNER_SCOPES, Scope
from prm.api.services import make_key, revoke_key
from prm.demo.stage import Stage
from prm.events.services import Actor
from referrals.capture.submit_links import make_submit_link, revoke_submit_link, submit_by_link
from referrals.intake.services import ReferralDraft

COLLEAGUE, FORMER = "Ciara Byrne", "Owen Hale"
SENT = ("Ashgrove Nurseries", "Maeve Doyle", "maeve@ashgrove-nurseries.example")


def seed_capturing(stage: Stage, *, now: datetime) -> None:
    """Make keys and links through the services, in the open scope of the tenant; a repeat does nothing."""
    if ApiKey.objects.exists():
        return
    at = min(stage.at(stage.today - timedelta(days=40), 10), now)
    admin = stage.actor(stage.story.staff[3])
    _key("Billing", frozenset(Scope), None, admin, at)
    old = _key(
        "Old web shop", frozenset({Scope.WRITE_EVENTS}), None, admin, at - timedelta(days=90)
    )
    revoke_key(key_id=old, actor=admin, at=at)
    place = (
        Membership.objects.filter(
            tenant_id=stage.tenant.id,
            roles__contains=[Role.PARTNER_ADMIN],
            partner_id__in=[partner.id for partner in stage.partners.values()],
            ended_at=None,
        )
        .order_by("id")
        .first()
    )
    if place is not None and place.partner_id:
        _of_partner(stage, place, place.partner_id, at)


def _of_partner(stage: Stage, place: Membership, partner_id: UUID, at: datetime) -> None:
    person = Actor(user_id=place.user_id, name=User.objects.get(id=place.user_id).name)
    _key("Client database", PARTNER_SCOPES, partner_id, person, at)
    program = next(iter(stage.programs.values()))
    links = [
        make_submit_link(
            link_id=uuid4(),
            partner_id=partner_id,
            program_id=program.id,
            person_name=name,
            days=90,
            actor=person,
            at=at,
        )
        for name in (COLLEAGUE, FORMER)
    ]
    company, contact, email = SENT
    draft = ReferralDraft(program.id, company, contact, email, consent=True)
    submit_by_link(link_id=links[0].id, draft=draft, key=uuid4(), at=at + timedelta(days=38))
    revoke_submit_link(link_id=links[1].id, actor=person, at=at + timedelta(days=3))


def _key(
    name: str, scopes: frozenset[Scope], partner_id: UUID | None, actor: Actor, at: datetime
) -> UUID:
    key, _secret = make_key(
        key_id=uuid4(),
        name=name,
        partner_id=partner_id,
        scopes=frozenset(scopes),
        made_by_id=actor.user_id or 0,
        expires_at=at + timedelta(days=365),
        actor=actor,
        at=at,
    )
    return key.id
