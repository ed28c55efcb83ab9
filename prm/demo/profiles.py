"""The demo's profiles, goals and public directory: listed partners, one that waits, one that has only begun."""

from datetime import date, datetime, timedelta
from typing import Any

from partners.directory.goals import set_goal
from partners.directory.models import Partner, PartnerGoal, PartnerProfile
from partners.directory.profile_rules import ProfileFacts
from partners.directory.profiles import (
    agree_to_listing,
    approve_listing,
    edit_plan,
    edit_profile,
)
from partners.programs.models import Program, SuccessMetric
from partners.programs.services import edit_program
from prm.demo.stage import Stage
from prm.demo.story import PartnerStory
from prm.events.services import Actor

LANGUAGES = {"IT": ["it", "en"], "NL": ["nl", "en"], "DE": ["de", "en"], "FR": ["fr", "en"]}
WORK: dict[str, tuple[list[str], list[str]]] = {
    "accountant": (["accounting", "payroll"], ["professional", "retail"]),
    "agency": (["marketing", "design"], ["retail", "hospitality"]),
    "isv": (["integration", "support"], ["software", "manufacturing"]),
    "reseller": (["sales", "implementation", "training"], ["manufacturing", "transport"]),
    "referral": (["consulting"], ["professional", "construction"]),
    "affiliate": (["marketing"], ["retail"]),
    "customer": (["consulting"], ["software"]),
}
ABOUT = {
    "en": "{name} helps small and mid-sized firms choose {vendor}, set it up and get the most out of it. "
    "Every client has one contact who answers within a working day.",
    "it": "{name} aiuta le piccole e medie imprese a scegliere {vendor}, ad avviarlo e a usarlo al meglio. "
    "Ogni cliente ha un referente che risponde entro un giorno lavorativo.",
}
PLAN = {
    "en": "## What we want this year\n\n"
    "* Introduce two firms a month from the existing clients\n"
    "* One joint evening for owners in spring and one in autumn\n\n"
    "## Who does what\n\n"
    "* The partner names the firms and makes the introduction\n"
    "* {vendor} calls within two days and brings the material\n\n"
    "We look at it together every quarter.",
    "it": "## Che cosa vogliamo quest'anno\n\n"
    "* Presentare due aziende al mese tra i clienti attuali\n"
    "* Una serata comune per titolari in primavera e una in autunno\n\n"
    "## Chi fa che cosa\n\n"
    "* Il partner indica le aziende e le presenta\n"
    "* {vendor} chiama entro due giorni e porta il materiale\n\n"
    "Lo guardiamo insieme ogni trimestre.",
}

OBJECTIVE = {
    "en": "Win firms that trust their adviser more than an advertisement",
    "it": "Conquistare aziende che si fidano più del loro consulente che di una pubblicità",
}


def seed_profiles(stage: Stage, *, now: datetime) -> None:
    """Give the tenant's partners profiles, goals and entries; the tenant's scope is open. A repeat adds nothing."""
    if PartnerProfile.objects.exists():
        return
    manager = stage.actor(stage.story.staff[0])
    working = [
        (story, partner)
        for story in stage.story.partners
        if story.state == "active" and story.people and (partner := stage.partners.get(story.name))
    ]
    for number, (story, partner) in enumerate(working):
        at = now - timedelta(days=90 - number % 60)
        _profile(stage, story, number, at)
        if number % 3 == 0:
            _goals(stage, partner, now, at, manager)
    for program in Program.objects.filter(objective=""):
        edit_program(
            program_id=program.id,
            objective=OBJECTIVE[stage.story.language],
            metric=SuccessMetric.WON,
            metric_target=120,
            actor=stage.actor(stage.story.staff[3]),
            at=now - timedelta(days=100),
        )


def _profile(stage: Stage, story: PartnerStory, number: int, at: datetime) -> None:
    partner, person = stage.partners[story.name], stage.actor(story.people[0])
    manager = stage.actor(stage.story.staff[0])
    services, industries = WORK.get(story.type, WORK["referral"])
    words = {
        code: text.format(name=partner.name, vendor=stage.story.name)
        for code, text in ABOUT.items()
    }
    begun = number % 7 == 6
    facts = ProfileFacts(
        about=words,
        services=services,
        industries=[] if begun else industries,
        regions=[story.country] if story.country else [],
        languages=LANGUAGES.get(story.country, ["en"]),
        contact_email=f"hello@{story.people[0].email.partition('@')[2]}",
    )
    edit_profile(partner_id=partner.id, facts=facts, logo_id=None, actor=person, at=at)
    if begun or not facts.regions:
        return
    agree_to_listing(partner_id=partner.id, actor=person, at=at + timedelta(hours=1))
    if number % 7 != 5:
        approve_listing(partner_id=partner.id, actor=manager, at=at + timedelta(days=1))


def _goals(stage: Stage, partner: Partner, now: datetime, at: datetime, manager: Actor) -> None:
    year: dict[str, Any] = {"from_on": date(now.year, 1, 1), "until_on": date(now.year, 12, 31)}
    goals: list[tuple[str, int, str]] = [
        (PartnerGoal.Metric.REFERRALS, 24, ""),
        (PartnerGoal.Metric.WON, 8, ""),
        (PartnerGoal.Metric.REVENUE, 4_000_000, "EUR"),
    ]
    for metric, target, currency in goals:
        set_goal(
            partner_id=partner.id,
            metric=metric,
            target=target,
            currency=currency,
            note="",
            actor=manager,
            at=at,
            **year,
        )
    edit_plan(
        partner_id=partner.id,
        plan=PLAN[stage.story.language].format(vendor=stage.story.name),
        actor=manager,
        at=at,
    )
