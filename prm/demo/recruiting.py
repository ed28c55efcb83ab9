"""The demo's vetting: programs that admit by rule and by course, decisions, prospects, open invitations."""

from datetime import datetime, timedelta
from typing import Any

from partners.applications.decide import approve
from partners.applications.forms import QuestionsForm
from partners.applications.inviting import invite_row
from partners.applications.models import (
    Application,
    ApplicationState,
    Prospect,
    ProspectState,
)
from partners.applications.prospects import (
    add_prospect,
    invite_to_apply,
    move_prospect,
)
from partners.applications.rules import checked_questions
from partners.applications.services import (
    Contact,
    Origin,
    edit_admission,
    publish_page,
    save_draft,
    submit_application,
)
from partners.programs.models import Program, SuccessMetric
from partners.programs.services import create_program
from partners.training.models import Course
from prm.demo.agreements import publish_first
from prm.demo.applying import PAGE, QUESTIONS
from prm.demo.profiles import OBJECTIVE
from prm.demo.programs import publish_plan, publish_short_track
from prm.demo.stage import Stage

# Company, person, country, work, clients, days ago, into which program: of a person's decision, by rule, by course.
PEOPLE = [
    ("Ravensdale Payroll", "Orla Raven", "IE", "books", "26", 33, "person"),
    ("Linden Consulting", "Eva Linden", "DE", "advice", "14", 19, "person"),
    ("Castleford Books", "Amy Castle", "IE", "books", "45", 12, "rules"),
    ("Whitmore Digital", "Sam Whit", "GB", "agency", "4", 5, "rules"),
    ("Marlow Coaching", "Kit Marlow", "IE", "advice", "7", 3, "course"),
]
# Company, contact, country, type, people, clients, notes, days ago, how far.
PROSPECTS: list[tuple[str, str, str, str, int | None, int | None, str, int, str]] = [
    (
        "Harbour Tax",
        "Nell Harbour",
        "IE",
        "accountant",
        22,
        60,
        "Met at the spring fair.",
        6,
        "new",
    ),
    ("Studio Ferri", "Aldo Ferri", "IT", "accountant", 9, 30, "", 8, "new"),
    ("Polder Advies", "Jan Polder", "NL", "referral", None, None, "", 11, "new"),
    (
        "Ashdown Advisory",
        "Ivy Ash",
        "GB",
        "referral",
        14,
        25,
        "Called; wants figures.",
        15,
        "contacted",
    ),
    (
        "Nordlicht Beratung",
        "Uwe Nord",
        "DE",
        "referral",
        40,
        18,
        "Knows our manager.",
        20,
        "invited",
    ),
    (
        "Glen Accounting",
        "Moya Glen",
        "IE",
        "accountant",
        12,
        50,
        "Two clients asked for us.",
        24,
        "applied",
    ),
    (
        "Tallow Partners",
        "Rex Tallow",
        "IE",
        "accountant",
        18,
        44,
        "Sells payroll already.",
        29,
        "partner",
    ),
    ("Solo Services", "Pat Solo", "GB", "referral", 1, 2, "Too small for now.", 40, "dropped"),
]
INVITED = [("Foxglove Books", "kim@foxglove.example"), ("Quill and Ledger", "dan@quill.example")]


def seed_applications(stage: Stage, *, now: datetime) -> None:
    """Let in by people, by rule, and to a course; write prospects down in every state; leave invitations open.

    Runs after seed_applying, with the tenant's scope open. A tenant with prospects is left alone.
    """
    if Prospect.objects.exists():
        return
    first = stage.programs[stage.story.programs[0].slug]
    programs = {"person": first, **_other_programs(stage, now)}
    for row in PEOPLE:
        if row[-1] in programs:
            _apply(stage, programs[row[-1]], row, now)
    for prospect in PROSPECTS:
        _prospect(stage, first, prospect, now)
    for company, email in INVITED:
        cells = {"company": company, "email": email}
        at = now - timedelta(days=2)
        invite_row(cells, program_id=first.id, actor=stage.manager, at=at)


def _other_programs(stage: Stage, now: datetime) -> dict[str, Program]:
    admin, at = stage.actor(stage.story.staff[3]), now - timedelta(days=60)
    story = stage.story.programs[0]
    modes: dict[str, tuple[str, dict[str, Any]]] = {
        "rules": (
            "Fast track",
            {"rules": {"min_score": 45, "own_domain": True}, "probation_days": 90},
        )
    }
    if course := Course.objects.filter(open_to_applicants=True).order_by("id").first():
        modes["course"] = ("Academy", {"course_id": course.id, "probation_days": 60})
    made = {}
    for mode, (name, settings) in modes.items():
        program = create_program(
            name=name,
            slug=f"{story.slug}-{mode}",
            currency=story.currency,
            summary=story.summary,
            objective=OBJECTIVE[stage.story.language],
            metric=SuccessMetric.WON,
            metric_target=30,
            actor=admin,
            at=at,
        )
        publish_plan(program, story.plans[-1], starts_at=at, admin=admin, at=at)
        publish_short_track(program, admin=admin, at=at)
        publish_first(program, story.agreement, admin, at)
        edit_admission(
            program_id=program.id,
            mode=mode,
            questions=QUESTIONS,
            page_text=PAGE,
            probation_referrals=5,
            actor=admin,
            at=at,
            **settings,
        )
        publish_page(program_id=program.id, actor=admin, at=at)
        made[mode] = program
    return made


def _apply(stage: Stage, program: Program, row: tuple[Any, ...], now: datetime) -> None:
    days, way = row[5:]
    at = now - timedelta(days=days)
    application = _sent(program, row[:5], at)
    if way == "person" and application.state == ApplicationState.SUBMITTED:
        later = at + timedelta(hours=26)
        approve(application_id=application.id, as_new=True, actor=stage.manager, at=later)


def _sent(
    program: Program, row: tuple[str, ...], at: datetime, prospect: Prospect | None = None
) -> Application:
    company, name, country, work, clients = row
    domain = company.lower().replace(" ", "-") + ".example"
    draft = save_draft(
        program_id=program.id,
        contact=Contact(
            name=name,
            email=prospect.email if prospect else f"{name.split(maxsplit=1)[0].lower()}@{domain}",
            company=company,
            website=f"https://{domain}",
            country=country,
            type="accountant" if work == "books" else "referral",
        ),
        language="en",
        origin=Origin(source="invitation" if prospect else "newsletter"),
        prospect_id=prospect.id if prospect else None,
        at=at,
    )
    typed = {
        "q-work": work,
        "q-clients": clients,
        "q-rival": "no",
        "q-story": "A family of three hotels and a haulier of 50 people.",
    }
    form = QuestionsForm(typed, questions=checked_questions(QUESTIONS))
    form.is_valid()
    sent = submit_application(application_id=draft.id, answers=form.answers, at=at)
    return sent.application or draft


def _prospect(stage: Stage, program: Program, row: tuple[Any, ...], now: datetime) -> None:
    company, contact, country, kind, people, clients, notes, days, state = row
    at, manager = now - timedelta(days=days), stage.manager
    domain = company.lower().replace(" ", "-") + ".example"
    prospect = add_prospect(
        company=company,
        contact=contact,
        email=f"{contact.split()[0].lower()}@{domain}",
        website=f"https://{domain}",
        country=country,
        type=kind,
        staff_count=people,
        client_count=clients,
        notes=notes,
        source="fair",
        owner_id=manager.user_id,
        actor=manager,
        at=at,
    )
    Prospect.objects.filter(id=prospect.id).update(created_at=at)
    later = at + timedelta(days=1)
    if state in {ProspectState.CONTACTED, ProspectState.DROPPED}:
        move_prospect(prospect_id=prospect.id, state=state, actor=manager, at=later)
    elif state != ProspectState.NEW:
        invite_to_apply(prospect_id=prospect.id, program_id=program.id, actor=manager, at=later)
        if state == ProspectState.INVITED:
            return
        sent_at = later + timedelta(days=2)
        about = (company, contact, country, "books", "50")
        application = _sent(program, about, sent_at, prospect)
        if state == ProspectState.PARTNER:
            let_in = sent_at + timedelta(hours=20)
            approve(application_id=application.id, as_new=True, actor=manager, at=let_in)
