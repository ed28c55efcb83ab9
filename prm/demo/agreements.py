"""The demo's agreements: version 1 signed by everybody, and a newer one of the first program in its notice time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from partners.agreements.selectors import (
    agreement_due,
    merged_for,
    signing_programs,
    version_in_force,
)
from partners.agreements.services import accept, publish_version, save_draft
from partners.directory.models import Partner, PartnerState
from partners.programs.models import Program
from prm.accounts.capabilities import Role
from prm.events.services import Actor

if TYPE_CHECKING:
    from prm.demo.stage import Stage
    from prm.demo.story import Person

DAY = timedelta(days=1)
NEW_SINCE = 9
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
PREFACE = {
    "en": "This agreement is between {{ vendor_legal_name }}, {{ vendor_address }}, and {{ partner_legal_name }}, "
    "{{ partner_address }}, {{ partner_country }}. It governs the program {{ program }} from {{ today }}.\n\n",
    "it": "Questo accordo è tra {{ vendor_legal_name }}, {{ vendor_address }}, e {{ partner_legal_name }}, "
    "{{ partner_address }}, {{ partner_country }}. Regola il programma {{ program }} dal {{ today }}.\n\n",
}
TERMS = {
    "en": "\n\n## The terms in force today\nUnder version {{ plan_version }} of the plan, in force since "
    "{{ plan_date }}, you earn:\n\n{{ commission }}\n\nHold: {{ hold_days }}. Smallest payout: "
    "{{ minimum_payout }}. Protection: {{ protection_days }}.\n",
    "it": "\n\n## Le condizioni in vigore oggi\nCon la versione {{ plan_version }} del piano, in vigore dal "
    "{{ plan_date }}, guadagni:\n\n{{ commission }}\n\nAttesa: {{ hold_days }}. Pagamento minimo: "
    "{{ minimum_payout }}. Protezione: {{ protection_days }}.\n",
}
ADDED = {
    "en": "\n\n## Personal data\nBefore you send a person's details you ask that person. We delete what leads to "
    "nothing after twelve months.\n",
    "it": "\n\n## Dati personali\nPrima di inviare i dati di una persona le chiedi il consenso. Dopo dodici "
    "mesi cancelliamo ciò che non ha portato a nulla.\n",
}
CHANGES = {
    "en": "A new section says how personal data is handled: you ask first, we delete after twelve months. The "
    "terms named in the text are those in force today.",
    "it": "Una nuova sezione dice come si trattano i dati personali: tu chiedi prima, noi cancelliamo dopo dodici "
    "mesi. Le condizioni nel testo sono quelle in vigore oggi.",
}


def publish_first(program: Program, texts: Mapping[str, str], admin: Actor, at: datetime) -> None:
    """Publish version 1 in its languages, with the program's terms merged in."""
    draft = save_draft(
        program_id=program.id,
        texts={code: PREFACE[code] + text + TERMS[code] for code, text in texts.items()},
        changes={},
        notice_days=30,
        actor=admin,
        at=at,
    )
    publish_version(version_id=draft.id, actor=admin, at=at)


def plan_new_version(stage: Stage) -> None:
    """Put version 2 of the first program on the calendar, and the signatures of those who are quick."""
    moment = stage.at(stage.today - NEW_SINCE * DAY, 10)
    stage.plan(moment, partial(_publish_second, stage))
    stage.plan(moment + DAY, partial(_quick_ones_sign, stage))


def sign(stage: Stage, partner: Partner, people: Sequence[Person], *, at: datetime) -> None:
    """Sign what is due for a partner, by its admin."""
    boss = next((person for person in people if person.role == Role.PARTNER_ADMIN), None)
    if boss is None or partner.state != PartnerState.ACTIVE:
        return
    for program in signing_programs(partner.id):
        version = version_in_force(program.id, at)
        if version is None or agreement_due(partner.id, program.id, at) is None:
            continue
        language = boss.language or stage.story.language
        shown = merged_for(version, partner=partner, language=language, at=at)
        accept(
            version_id=version.id,
            partner_id=partner.id,
            shown_hash=shown.digest,
            language=language,
            signer_name=boss.name,
            signer_title=boss.title or "Managing director",
            ip="203.0.113.24",
            user_agent=BROWSER,
            actor=stage.actor(boss),
            at=at,
        )


def _publish_second(stage: Stage, at: datetime) -> None:
    program = stage.programs[stage.story.programs[0].slug]
    former = version_in_force(program.id, at)
    if former is None:
        return
    draft = save_draft(
        program_id=program.id,
        texts={code: text + ADDED[code] for code, text in former.texts.items()},
        changes={code: CHANGES[code] for code in former.texts},
        notice_days=30,
        actor=stage.actor(stage.story.staff[3]),
        at=at,
    )
    publish_version(version_id=draft.id, actor=stage.actor(stage.story.staff[3]), at=at)


def _quick_ones_sign(stage: Stage, at: datetime) -> None:
    # Every third one; the first partner of the story has it before its eyes.
    for story in stage.story.partners[2::3]:
        partner = stage.partners[story.name]
        partner.refresh_from_db()
        sign(stage, partner, story.people, at=at)
