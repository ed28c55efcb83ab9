"""The demo's sharing: links with months of clicks and leads, two public pages with reviews, a code."""

from contextlib import suppress
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from PIL import Image, ImageDraw

from partners.directory.models import Partner
from prm.demo.stage import Stage
from prm.events.services import Actor
from prm.money import Money
from referrals.pipeline.hooks import MoveRefused
from referrals.pipeline.models import Referral, StageKind
from referrals.pipeline.selectors import stage_of_kind
from referrals.pipeline.services import change_stage
from referrals.revenue.services import win_referral
from referrals.sharing.leads import LeadFacts, take_lead
from referrals.sharing.models import ClickInbox, Link
from referrals.sharing.pages import decide_page, save_page, send_page
from referrals.sharing.rules import PageTexts, normalised_slug
from referrals.sharing.services import (
    CouponFacts,
    LinkFacts,
    ReviewFacts,
    add_coupon,
    add_destination,
    add_link,
    add_review,
    decide_review,
)

MONTHS = 120
_LINKS = (
    ("newsletter", "Newsletter", "autumn", 9),
    ("linkedin", "LinkedIn", "", 5),
    ("trade-fair", "Trade fair", "autumn", 3),
    ("card", "Business card", "", 1),
)
_HEADLINES = {
    "en": "Payroll done before lunch on the 25th",
    "it": "Le buste paga pronte prima di pranzo, il 25",
}
_WORDS = {
    "en": "We look after the books of 60 growing companies. Payroll used to be the week nobody could be off sick. "
    "The clients we moved **close it in a morning**, and the journal lands in our ledger by itself.\n\n"
    "Happy to tell you how it went for a company your size.",
    "it": "Teniamo la contabilità di 60 aziende in crescita. Le buste paga erano la settimana in cui nessuno poteva "
    "ammalarsi. I clienti che abbiamo spostato **chiudono in una mattina**.\n\n"
    "Raccontiamo volentieri com’è andata per un’azienda come la vostra.",
}
_REVIEWS = (
    ("Claire Dunne", "Group HR, Greyfriars Hotels", 5, "Now it is one person and a coffee.", True),
    ("Declan Foy", "Financial controller, Portside Breweries", 5, "I stopped checking.", True),
    ("Marta Reyes", "Finance director, Oakline Dental", 4, "The switch took nineteen days.", True),
    ("Sean Kiely", "Owner, Kiely Interiors", 4, "They answer the phone.", False),
)
_LEADS = (
    ("Harbour Lights Cinemas", "Orla Daly", "harbourlights.example", 62),
    ("Tidewell Clinics", "Jonas Weber", "tidewell.example", 34),
    ("Fennick Foods", "Anna Rossi", "fennickfoods.example", 12),
    ("Larch & Stone", "Peter Vos", "larchstone.example", 4),
    ("Quayside Brewing", "Nora Byrne", "quaysidebrewing.example", 101),
    ("Alder Street Dental", "Ines Costa", "alderstreet.example", 96),
    ("Moorgate Press", "Tim Hale", "moorgatepress.example", 88),
    ("Saltmarsh Hotels", "Eva Lund", "saltmarsh.example", 71),
    ("Copper Lane Studios", "Max Brandt", "copperlane.example", 47),
    ("Beacon Nurseries", "Lucy Marsh", "beaconnurseries.example", 21),
)
# Days from lead to win, by company.
_WON = {"Quayside Brewing": 19, "Moorgate Press": 33, "Saltmarsh Hotels": 12}


def seed_sharing(stage: Stage, *, now: datetime) -> None:
    """Play four months of sharing by the first two partners, in the open scope; a repeat does nothing."""
    if Link.objects.exists():
        return
    began = stage.at(stage.today - timedelta(days=MONTHS), 10)
    for number, (partner, person) in enumerate(_sharers(stage)):
        program = stage.programs[_program_of(stage, partner)]
        place = {"partner_id": partner.id, "program_id": program.id}
        _page(place, partner, person, stage, began)
        links = _links(place, partner, person, began, number)
        _coupon(place, partner, person, began)
        _clicks(stage, links, began, now)
        if number == 0:
            _leads(program.id, links, stage, now)
    for program in stage.programs.values():
        add_destination(
            program_id=program.id,
            label="Product tour",
            url=f"https://www.{normalised_slug(stage.tenant.name)}.example/tour",
            actor=stage.manager,
            at=began,
        )


def _sharers(stage: Stage) -> list[tuple[Partner, Actor]]:
    """Return the first two partners whose people sign in, with who speaks for each."""
    told = [row for row in stage.story.partners if row.people and row.state == "active"][:2]
    return [(stage.partners[row.name], stage.actor(row.people[0])) for row in told]


def _program_of(stage: Stage, partner: Partner) -> str:
    story = next(row for row in stage.story.partners if row.name == partner.name)
    return story.program or next(iter(stage.programs))


def _page(
    place: dict[str, Any], partner: Partner, person: Actor, stage: Stage, at: datetime
) -> None:
    page = save_page(
        **place,
        texts=PageTexts(_HEADLINES, _WORDS, person.name, "Director"),
        picture=_logo(partner.name),
        actor=person,
        at=at,
    )
    send_page(page_id=page.id, actor=person, at=at)
    decide_page(
        page_id=page.id, approve=True, reason="", actor=stage.manager, at=at + timedelta(hours=5)
    )
    for name, role, stars, words, approved in _REVIEWS:
        review = add_review(
            partner_id=partner.id,
            facts=ReviewFacts(
                author_name=name,
                author_role=role,
                rating=stars,
                text=words,
                language="en",
                consent_text="The customer agreed that these words are published with name and company",
            ),
            actor=person,
            at=at + timedelta(days=3),
        )
        if approved:
            decide_review(
                review_id=review.id,
                approve=True,
                reason="",
                actor=stage.manager,
                at=at + timedelta(days=4),
            )


def _logo(name: str) -> BytesIO:
    """Draw a plain mark for a partner."""
    picture = Image.new("RGB", (160, 160), "#1d3557")
    ImageDraw.Draw(picture).text((46, 34), name[:1], fill="#f1faee", font_size=88)
    out = BytesIO()
    picture.save(out, "PNG")
    out.seek(0)
    out.name = "logo.png"
    return out


def _links(
    place: dict[str, Any], partner: Partner, person: Actor, at: datetime, number: int
) -> list[tuple[Link, int]]:
    stem = normalised_slug(partner.name).split("-")[0]
    return [
        (
            add_link(
                **place,
                facts=LinkFacts(f"{stem}-{slug}", channel, channel, campaign),
                actor=person,
                at=at + timedelta(days=day),
            ),
            max(1, weight - 2 * number),
        )
        for day, (slug, channel, campaign, weight) in enumerate(_LINKS)
    ]


def _coupon(place: dict[str, Any], partner: Partner, person: Actor, at: datetime) -> None:
    add_coupon(
        **place,
        facts=CouponFacts(
            code=f"{normalised_slug(partner.name).split('-')[0]}-10".upper(),
            starts_at=at,
            reward_kind="percent",
            reward_basis_points=1_000,
            uses_max=100,
        ),
        actor=person,
        at=at,
    )


def _clicks(stage: Stage, links: list[tuple[Link, int]], began: datetime, now: datetime) -> None:
    """Put months of clicks into the inbox, as the redirect does; the worker counts them."""
    rows = []
    for link, weight in links:
        for day in range(MONTHS):
            for _ in range(stage.dice.randrange(weight + 1)):
                at = began + timedelta(days=day, minutes=stage.dice.randrange(540))
                if link.created_at <= at < now:
                    visitor = stage.dice.getrandbits(128).to_bytes(16)
                    rows.append(
                        ClickInbox(
                            link_id=link.id,
                            partner_id=link.partner_id,
                            at=at,
                            visitor=visitor,
                            channel=link.channel,
                            campaign=link.campaign,
                        )
                    )
    ClickInbox.objects.bulk_create(rows)


def _leads(program_id: UUID, links: list[tuple[Link, int]], stage: Stage, now: datetime) -> None:
    for number, (company, name, domain, days) in enumerate(_LEADS):
        at = min(stage.at(stage.today - timedelta(days=days), 14), now)
        referral = take_lead(
            facts=LeadFacts(
                program_id=program_id,
                company=company,
                name=name,
                email=f"{name.split()[0].lower()}@{domain}",
                message="Please call us in the morning.",
                consent_text=f"I agree that {stage.tenant.name} contacts me about this request.",
                language="en",
                link_id=links[number % len(links)][0].id,
            ),
            at=at,
            key=uuid5(program_id, company),
        )
        if referral is not None and company in _WON:
            # Another partner may hold the company by then; the lead then stays where it is.
            with suppress(MoveRefused), transaction.atomic():
                _win(referral, stage, at + timedelta(days=_WON[company]))


def _win(referral: Referral, stage: Stage, at: datetime) -> None:
    """Accept a lead a day before it is won, at the vendor's word."""
    for kind in (StageKind.ACCEPTED, StageKind.QUALIFIED, StageKind.OPPORTUNITY):
        if target := stage_of_kind(referral.program_id, kind):
            change_stage(
                referral_id=referral.id,
                to_stage_id=target.id,
                actor=stage.manager,
                at=at - timedelta(days=1),
            )
    if won := stage_of_kind(referral.program_id, StageKind.WON):
        win_referral(
            referral_id=referral.id,
            to_stage_id=won.id,
            deal=Money(840_000, referral.currency),
            actor=stage.manager,
            at=at,
        )
