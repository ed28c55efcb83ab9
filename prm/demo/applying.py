"""The demo's recruiting: public pages with forms in two languages, visits of three months, applications."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.utils import translation

from partners.applications.decide import ask, decline
from partners.applications.forms import QuestionsForm
from partners.applications.models import Admission, Application, ApplicationState, PageVisits
from partners.applications.rules import checked_questions
from partners.applications.services import (
    Contact,
    Origin,
    answer_question,
    edit_admission,
    publish_page,
    save_answers,
    save_draft,
    submit_application,
    withdraw,
)
from partners.programs.models import Program
from prm.demo.stage import Stage

QUESTIONS: list[dict[str, Any]] = [
    {
        "key": "work",
        "type": "one",
        "required": True,
        "label": {
            "en": "What do you mostly do for your clients?",
            "it": "Che cosa fai soprattutto per i tuoi clienti?",
        },
        "choices": [
            {
                "key": "books",
                "label": {"en": "Accounting or payroll", "it": "Contabilità o paghe"},
                "points": 30,
            },
            {"key": "advice", "label": {"en": "Consulting", "it": "Consulenza"}, "points": 20},
            {
                "key": "agency",
                "label": {"en": "Agency or integrator", "it": "Agenzia o integratore"},
                "points": 15,
            },
            {"key": "other", "label": {"en": "Something else", "it": "Altro"}},
        ],
    },
    {
        "key": "clients",
        "type": "number",
        "required": True,
        "least": 3,
        "points": 10,
        "label": {
            "en": "How many of your clients could buy?",
            "it": "Quanti dei tuoi clienti potrebbero comprare?",
        },
        "hint": {"en": "An estimate is enough", "it": "Basta una stima"},
        "decline": {
            "en": "The program pays off from about three clients. Come back when you have grown.",
            "it": "Il programma conviene da circa tre clienti. Torna quando la tua azienda sarà cresciuta.",
        },
    },
    {
        "key": "rival",
        "type": "yes_no",
        "required": True,
        "label": {
            "en": "Do you sell a competing product of your own?",
            "it": "Vendi un tuo prodotto concorrente?",
        },
        "decline": {
            "en": "We do not work with makers of competing products.",
            "it": "Non lavoriamo con chi produce prodotti concorrenti.",
        },
        "choices": [
            {"key": "yes", "label": {}, "knock_out": True},
            {"key": "no", "label": {}, "points": 10},
        ],
    },
    {
        "key": "story",
        "type": "long",
        "label": {
            "en": "Describe two clients who would fit",
            "it": "Descrivi due clienti adatti",
        },
        "hint": {
            "en": "No names needed. Size, sector and what they struggle with.",
            "it": "Senza nomi: dimensione, settore e che cosa li mette in difficoltà.",
        },
        "points": 10,
    },
]
PAGE = {
    "en": "You introduce a client, we do the rest: the demo, the move and the support. You see the stage of every "
    "referral and what it earns, at any time.",
    "it": "Tu presenti un cliente, al resto pensiamo noi: dimostrazione, passaggio e assistenza. Vedi in ogni "
    "momento a che punto è ogni segnalazione e quanto rende.",
}
SOURCES = [("newsletter", "autumn", 5), ("linkedin", "", 9), ("", "", 14), ("fair", "milan", 3)]
# Company, person, country, work, clients, days ago, what became of it.
PEOPLE = [
    ("Larkfield Accounting", "Noor Haddad", "IE", "books", "35", 1, "new"),
    ("Studio Bassi", "Elena Bassi", "IT", "books", "18", 2, "new"),
    ("Northgate Advisors", "Tom Adler", "GB", "advice", "9", 4, "new"),
    ("Kite Digital", "Iris Vos", "NL", "agency", "6", 3, "asked"),
    ("Corvina Consulting", "Sara Corvi", "IT", "advice", "12", 9, "answered"),
    ("Hollow Hill Partners", "Ben Hollow", "IE", "other", "1", 12, "new"),
    ("Payday Works", "Max Reuter", "DE", "other", "40", 15, "rival"),
    ("Brookes & Vale", "Jane Vale", "GB", "advice", "5", 22, "withdrawn"),
    ("Tessera Studio", "Luca Tessi", "IT", "other", "4", 30, "declined"),
    ("Fennel Agency", "Ada Fenn", "IE", "agency", "3", 41, "declined"),
    ("Ostra Advisory", "Per Ost", "DK", "other", "4", 52, "declined"),
    ("Mirto Servizi", "Anna Mirto", "IT", "other", "5", 60, "declined"),
    ("Quayside People", "Rory Quay", "IE", "other", "3", 71, "declined"),
    ("Galeone Paghe", "Ugo Galeone", "IT", "books", "", 6, "draft"),
]


def seed_applying(stage: Stage, *, now: datetime) -> None:
    """Publish the programs' pages, count visits, and send applications; the tenant's scope is open.

    Everything that is sent goes through the services, at moments of the past. A tenant with an admission is left alone.
    """
    if Admission.objects.exists():
        return
    admin = stage.actor(stage.story.staff[3])
    began = now - timedelta(days=120)
    for program in stage.programs.values():
        edit_admission(
            program_id=program.id,
            questions=QUESTIONS,
            page_text=PAGE,
            decide_days=3,
            actor=admin,
            at=began,
        )
        publish_page(program_id=program.id, actor=admin, at=began)
    first = stage.programs[stage.story.programs[0].slug]
    _count_visits(stage, list(stage.programs.values()), now)
    for place, row in enumerate(PEOPLE):
        _apply(stage, first, row, place, now)


def _count_visits(stage: Stage, programs: Sequence[Program], now: datetime) -> None:
    dice = Random(stage.story.seed + 21)  # noqa: S311  a story, not a secret
    rows = []
    for program in programs:
        for ago in range(90):
            for source, campaign, most in SOURCES:
                views = dice.randint(0, most)
                if views:
                    rows.append(
                        PageVisits(
                            program=program,
                            day=(now - timedelta(days=ago)).date(),
                            source=source,
                            campaign=campaign,
                            views=views,
                            starts=dice.randint(0, views // 3),
                        )
                    )
    PageVisits.objects.bulk_create(rows)


def _apply(stage: Stage, program: Program, row: tuple[Any, ...], place: int, now: datetime) -> None:
    company, name, country, work, clients, days, fate = row
    at = now - timedelta(days=days, hours=place % 5)
    domain = company.lower().replace("&", "and").replace(" ", "-") + ".example"
    source, campaign, _most = SOURCES[place % len(SOURCES)]
    language = "it" if country == "IT" else "en"
    typed = {
        "work": work,
        "clients": clients,
        "rival": "yes" if fate == "rival" else "no",
        "story": "" if place % 2 else "A bakery of 40 people and a dental group of six clinics.",
    }
    draft = save_draft(
        program_id=program.id,
        contact=Contact(
            name=name,
            email=f"{name.split()[0].lower()}@{domain}",
            company=company,
            website=f"https://{domain}",
            country=country,
            type="accountant" if work == "books" else "referral",
        ),
        language=language,
        origin=Origin(source=source, campaign=campaign),
        at=at,
    )
    if fate == "draft":
        save_answers(application_id=draft.id, typed=typed, at=at, mail=True)
        return
    with translation.override(language):
        form = QuestionsForm(
            {f"q-{key}": value for key, value in typed.items()},
            questions=checked_questions(QUESTIONS),
        )
        form.is_valid()
        sent = submit_application(application_id=draft.id, answers=form.answers, at=at)
    if sent.application and sent.application.state == ApplicationState.SUBMITTED:
        _go_on(stage, sent.application, fate, at)


def _go_on(stage: Stage, application: Application, fate: str, at: datetime) -> None:
    manager = stage.actor(stage.story.staff[0])
    later = at + timedelta(hours=30)
    if fate == "withdrawn":
        withdraw(application_id=application.id, at=later)
    elif fate in {"asked", "answered"}:
        question = {
            "en": "Which of your clients did you think of?",
            "it": "A quali clienti pensi?",
        }
        ask(
            application_id=application.id,
            question=question[application.language],
            actor=manager,
            at=later,
        )
        if fate == "answered":
            answer_question(
                application_id=application.id,
                text="Due panifici e una cooperativa di 60 persone.",
                at=later + timedelta(days=1),
            )
    elif fate == "declined":
        reason = {
            "en": "Your clients are smaller than those our product is made for.",
            "it": "I tuoi clienti sono più piccoli di quelli a cui si rivolge il prodotto.",
        }
        decline(
            application_id=application.id,
            reason=reason[application.language],
            actor=manager,
            at=later,
        )
