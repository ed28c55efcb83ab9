"""Builders of drafts, files, questions, bulk files and what the person referred was told."""

from typing import Any
from uuid import UUID

from prm.events.services import Actor
from referrals.capture.asking import answer_token, ask_question
from referrals.capture.files import add_file
from referrals.capture.models import BulkSubmission, Draft, Question, ReferralFile
from referrals.capture.people import person_token
from referrals.capture.privacy import tell_person
from tests.builders.objects import Cast, builds
from tests.builders.referrals import a_partner, a_program, a_referral
from tests.builders.uploads import PDF, brought


def _referral(cast: Cast, company: str) -> Any:
    from tests.conftest import NOON

    return a_referral(NOON, partner=a_partner(cast.partner.name), by=cast.rep, company=company)


@builds("draft")
def _draft(cast: Cast) -> UUID:
    partner = a_partner(cast.partner.name)
    return Draft.objects.create(partner=partner, program=a_program(), owner=cast.rep).id


@builds("referral_with_file")
def _referral_with_file(cast: Cast) -> UUID:
    return _file(cast).referral_id


@builds("referral_file")
def _referral_file(cast: Cast) -> UUID:
    return _file(cast).id


def _file(cast: Cast) -> ReferralFile:
    from tests.conftest import NOON

    found = ReferralFile.objects.filter(partner_id=cast.partner.id).first()
    return found or add_file(
        referral_id=_referral(cast, "Filed").id,
        file=brought(PDF, "offer.pdf"),
        internal=False,
        actor=Actor(cast.rep.id),
        at=NOON,
    )


@builds("bulk_submission")
def _bulk(cast: Cast) -> UUID:
    from prm.jobs.files import save_private
    from tests.conftest import NOON

    rows = b"line,company,contact_name,contact_email\n2,Kestrel,Tom,tom@kestrel.example\n"
    return BulkSubmission.objects.create(
        partner=a_partner(cast.partner.name),
        program=a_program(),
        file_name="leads.csv",
        stored=save_private(rows, file_name="bulk.rows.csv"),
        row_count=1,
        created_by=cast.rep,
        created_at=NOON,
    ).id


@builds("answer_token")
def _answer_token(cast: Cast) -> str:
    from tests.conftest import NOON

    referral = _referral(cast, "Asked")
    question = Question.objects.filter(referral=referral).first() or ask_question(
        referral_id=referral.id, text="How many?", actor=Actor(cast.manager.id), at=NOON
    )
    return answer_token(question, cast.rep.id)


@builds("person_token")
def _person_token(cast: Cast) -> str:
    from tests.conftest import NOON

    notice = tell_person(referral_id=_referral(cast, "Told").id, at=NOON)
    assert notice
    return person_token(notice.id)
