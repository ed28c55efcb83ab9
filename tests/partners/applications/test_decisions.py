"""Applications are let in, asked about, declined and opened again; one decision wins."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from partners.agreements.models import AgreementVersion
from partners.applications.decide import (
    CannotDecide,
    DecidedMeanwhile,
    PartnerExists,
    approve,
    approve_several,
    ask,
    decline,
    decline_several,
    newest_change,
    reopen,
)
from partners.applications.models import Application, ApplicationChange
from partners.applications.services import answer_question, withdraw
from partners.directory.models import Enrollment, Partner
from partners.directory.services import activate_enrollment, change_partner_state
from partners.programs.models import Program
from prm.accounts.models import Invitation
from prm.events.models import Event
from prm.events.services import Actor
from prm.notices.models import Mail
from prm.tenancy.models import Tenant
from tests.builders.applications import an_admission, an_application
from tests.builders.partners import LONG_AGO, a_partner, a_program
from tests.conftest import World


@pytest.fixture
def mara(world: World) -> Actor:
    return Actor(user_id=world.manager.id, name="Mara Manager")


@pytest.fixture
def program(acme: Tenant) -> Program:
    program = a_program()
    an_admission(program, reapply_days=90)
    return program


def mails(application: Application) -> list[str]:
    found = Mail.objects.filter(to=application.email).order_by("id")
    return [mail.kind.removeprefix("application.") for mail in found]


def test_approval_makes_a_partner_enrols_it_and_invites_the_applicant(
    program: Program, mara: Actor, at: datetime
) -> None:
    application = an_application(program, country="IT", language="it", type="accountant")

    approve(application_id=application.id, actor=mara, at=at)

    application.refresh_from_db()
    assert (application.state, application.decided_at) == ("approved", at)
    assert (application.decided_by_id, application.decided_rule) == (mara.user_id, "")
    partner = Partner.objects.get(id=application.partner_id or "")
    assert (partner.name, partner.type, partner.country, partner.domain) == (
        "Larkfield Accounting",
        "accountant",
        "IT",
        "larkfield.example",
    )
    enrollment = Enrollment.objects.get(partner=partner)
    assert (enrollment.program_id, enrollment.state) == (program.id, "active")
    assert enrollment.probation_referrals is None
    invitation = Invitation.objects.get(email=application.email)
    assert (invitation.partner_id, invitation.roles) == (partner.id, ["partner_admin"])
    assert invitation.language == "it"
    event = Event.objects.get(name="application.approved")
    assert event.payload == {
        "application_id": str(application.id),
        "program_id": str(program.id),
        "partner_id": str(partner.id),
    }
    mail = Mail.objects.get(kind="application.approved")
    assert (mail.to, mail.language) == (application.email, "it")
    assert "/application/" in mail.text
    story = ApplicationChange.objects.filter(application_id=application.id).order_by("id")
    assert [(row.to_state, row.who) for row in story] == [
        ("submitted", "Applicant"),
        ("approved", "Mara Manager"),
    ]


def test_an_agreement_keeps_the_enrolment_waiting(
    program: Program, mara: Actor, at: datetime
) -> None:
    AgreementVersion.objects.create(
        program=program, number=1, texts={"en": "# Terms"}, published_at=at, binding_from=at
    )
    application = approve(application_id=an_application(program).id, actor=mara, at=at)
    enrollment = Enrollment.objects.get(partner_id=application.partner_id or "")
    assert enrollment.state == "approved"

    for _ in range(2):
        activate_enrollment(
            partner_id=enrollment.partner_id, program_id=program.id, actor=mara, at=at
        )
    enrollment.refresh_from_db()
    assert enrollment.state == "active"
    assert Event.objects.filter(name="enrollment.activated").count() == 1


@pytest.mark.parametrize(
    ("name", "website"),
    [
        pytest.param("Larkfield Group", "https://www.larkfield.example", id="same domain"),
        pytest.param("LARKFIELD  accounting", "https://other.example", id="same name"),
    ],
)
def test_a_company_that_may_be_a_partner_is_never_merged_silently(
    program: Program, mara: Actor, at: datetime, name: str, website: str
) -> None:
    application = an_application(program)
    there = a_partner(name, website=website)

    with pytest.raises(PartnerExists) as problem:
        approve(application_id=application.id, actor=mara, at=at)
    assert problem.value.partners == [there]
    application.refresh_from_db()
    assert application.state == "submitted"

    approve(application_id=application.id, actor=mara, at=at, into_partner_id=there.id)
    application.refresh_from_db()
    assert application.partner_id == there.id
    assert Partner.objects.count() == 1
    assert Invitation.objects.get().partner_id == there.id


def test_a_second_partner_of_a_domain_is_made_when_asked_for(
    program: Program, mara: Actor, at: datetime
) -> None:
    application = an_application(program)
    there = a_partner("Larkfield Group", website="https://larkfield.example")
    approve(application_id=application.id, actor=mara, at=at, as_new=True)
    application.refresh_from_db()
    assert application.partner_id != there.id


def test_nobody_joins_an_ended_partner(program: Program, mara: Actor, at: datetime) -> None:
    application = an_application(program)
    there = a_partner("Larkfield Group", website="https://larkfield.example")
    change_partner_state(partner_id=there.id, state="ended", reason="Left", actor=mara, at=at)
    with pytest.raises(CannotDecide, match="has ended"):
        approve(application_id=application.id, actor=mara, at=at, into_partner_id=there.id)


def test_a_decline_says_why_and_from_when_to_apply_again(
    program: Program, mara: Actor, at: datetime
) -> None:
    application = an_application(program)
    with pytest.raises(CannotDecide):
        decline(application_id=application.id, reason="  ", actor=mara, at=at)

    decline(application_id=application.id, reason="Too few clients yet.", actor=mara, at=at)

    application.refresh_from_db()
    assert (application.state, application.reason) == ("declined", "Too few clients yet.")
    assert application.reapply_on == date(2027, 2, 16)
    mail = Mail.objects.get(kind="application.declined")
    assert "Too few clients yet." in mail.text
    assert "16 February 2027" in mail.text.replace("\N{NO-BREAK SPACE}", " ")
    assert Event.objects.filter(name="application.declined").count() == 1


def test_asking_rests_the_promise_until_the_answer(
    program: Program, mara: Actor, at: datetime
) -> None:
    application = an_application(program)
    ask(application_id=application.id, question="Which sectors?", actor=mara, at=at)
    application.refresh_from_db()
    assert (application.state, application.asked, application.due_at) == (
        "info_asked",
        "Which sectors?",
        None,
    )
    assert "Which sectors?" in Mail.objects.get(kind="application.asked").text

    answer_question(application_id=application.id, text="Retail", at=at)
    ask(application_id=application.id, question="And where?", actor=mara, at=at)
    assert mails(application) == ["received", "asked", "asked"]
    application.refresh_from_db()
    assert application.answered == ""


def test_a_wrong_decline_is_opened_again(program: Program, mara: Actor, at: datetime) -> None:
    application = an_application(program)
    with pytest.raises(CannotDecide):
        reopen(application_id=application.id, reason="A mistake", actor=mara, at=at)
    decline(application_id=application.id, reason="No", actor=mara, at=at)
    with pytest.raises(CannotDecide):
        reopen(application_id=application.id, reason="", actor=mara, at=at)

    reopen(application_id=application.id, reason="A mistake", actor=mara, at=at)

    application.refresh_from_db()
    assert (application.state, application.reason, application.reapply_on) == (
        "submitted",
        "",
        None,
    )
    assert application.decided_at is None
    assert application.due_at == at + timedelta(days=5)
    approve(application_id=application.id, actor=mara, at=at)
    assert mails(application) == ["received", "declined", "reopened", "approved"]


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(approve, id="approve"),
        pytest.param(lambda **given: decline(reason="No", **given), id="decline"),
        pytest.param(lambda **given: ask(question="Why?", **given), id="ask"),
    ],
)
def test_the_second_of_two_decisions_is_told_who_was_first(
    program: Program, mara: Actor, at: datetime, second: Callable[..., Any]
) -> None:
    application = an_application(program)
    decline(application_id=application.id, reason="No", actor=mara, at=at)
    with pytest.raises(DecidedMeanwhile, match=r"Mara Manager was first.*Declined"):
        second(application_id=application.id, actor=mara, at=at)
    assert mails(application) == ["received", "declined"]


def test_a_page_that_is_out_of_date_decides_nothing(
    program: Program, mara: Actor, at: datetime
) -> None:
    application = an_application(program)
    seen = newest_change(application.id)
    assert seen is not None
    ask(application_id=application.id, question="Which sectors?", actor=mara, at=at, seen=seen.id)
    with pytest.raises(DecidedMeanwhile, match="Mara Manager changed it"):
        approve(application_id=application.id, actor=mara, at=at, seen=seen.id)
    with pytest.raises(DecidedMeanwhile):
        ask(application_id=application.id, question="Else?", actor=mara, at=at, seen=seen.id)


def test_a_withdrawn_one_stays_withdrawn(program: Program, mara: Actor, at: datetime) -> None:
    application = an_application(program)
    withdraw(application_id=application.id, at=at)
    with pytest.raises(DecidedMeanwhile, match="Applicant was first"):
        approve(application_id=application.id, actor=mara, at=at)


def test_several_are_decided_each_on_its_own(program: Program, mara: Actor, at: datetime) -> None:
    good, known, gone = (
        an_application(program, name) for name in ("Alder Ltd", "Birch Ltd", "Cedar Ltd")
    )
    a_partner("Birch Ltd")
    withdraw(application_id=gone.id, at=at)
    ids = [gone.id, known.id, good.id, UUID(int=1)]

    results = {row.application_id: row for row in approve_several(ids=ids, actor=mara, at=at)}

    assert {key: row.done for key, row in results.items()} == {
        good.id: True,
        known.id: False,
        gone.id: False,
    }
    assert "Birch Ltd" in results[known.id].words
    assert Invitation.objects.count() == 1

    declined = decline_several(ids=ids, reason="Not now", actor=mara, at=LONG_AGO)
    assert [row.done for row in declined if row.application_id == known.id] == [True]
    assert sum(row.done for row in declined) == 1
