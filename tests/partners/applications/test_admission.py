"""Each admission mode lets in and leaves out the right applicants, and says why."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from partners.applications.admission import decide_by_rule, verdict_of
from partners.applications.models import Application, ApplicationChange, Prospect
from partners.applications.services import NotTaken
from partners.directory.models import Enrollment, Partner
from partners.training.learners import Learner
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.applications import an_admission, an_application
from tests.builders.partners import a_partner, a_program
from tests.builders.training import a_course, lessons_done
from tests.conftest import World

OWN: dict[str, Any] = {
    "email": "noor@larkfield.example",
    "website": "https://www.larkfield.example/team",
}
FREE = {"email": "noor@gmail.com", "website": "https://larkfield.example"}
OTHER = {"email": "noor@elsewhere.example", "website": "https://larkfield.example"}
ALL = {"min_score": 20, "countries": ["IE", "IT"], "own_domain": True}


@pytest.mark.parametrize(
    ("mode", "rules", "applicant", "state"),
    [
        pytest.param("manual", {}, OWN, "submitted", id="manual: a person decides"),
        pytest.param("automatic", {}, FREE, "approved", id="automatic: everybody"),
        pytest.param("rules", ALL, OWN, "approved", id="rules: all hold"),
        pytest.param("rules", {}, OWN, "submitted", id="rules: none set lets nobody in"),
        pytest.param("rules", ALL, {**OWN, "clients": "few"}, "submitted", id="rules: score"),
        pytest.param("rules", ALL, {**OWN, "country": "FR"}, "submitted", id="rules: country"),
        pytest.param("rules", ALL, {**OWN, "country": ""}, "submitted", id="rules: no country"),
        pytest.param("rules", ALL, FREE, "submitted", id="rules: free mail"),
        pytest.param("rules", ALL, OTHER, "submitted", id="rules: another company's domain"),
        pytest.param(
            "rules",
            {"min_score": 30},
            {**FREE, "country": ""},
            "approved",
            id="rules: at the score",
        ),
        pytest.param("rules", {"countries": ["IE"]}, FREE, "approved", id="rules: country only"),
    ],
)
def test_modes(
    acme: Tenant,
    at: datetime,
    mode: str,
    rules: dict[str, Any],
    applicant: dict[str, Any],
    state: str,
) -> None:
    program = a_program()
    an_admission(program, mode, rules=rules)
    application = an_application(program, at=at, **applicant)
    assert application.state == state
    assert application.decided_rule == (mode if state == "approved" else "")
    assert application.decided_by_id is None
    assert Partner.objects.exists() == (state == "approved")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"clients": "few"}, "The score is 5, under 20.", id="score"),
        pytest.param(
            {"country": "FR"}, "The country is not one of the rule's: France.", id="country"
        ),
        pytest.param(
            FREE, "The email address is not of the company's own domain.", id="own domain"
        ),
    ],
)
def test_the_story_says_which_rule_held_it_back(
    acme: Tenant, at: datetime, change: dict[str, Any], words: str
) -> None:
    program = a_program()
    an_admission(program, "rules", rules=ALL)
    application = an_application(program, at=at, **{**OWN, **change})
    for _ in range(2):
        decide_by_rule(application_id=application.id, at=at)
    story = list(ApplicationChange.objects.filter(application_id=application.id).order_by("id"))
    assert [(row.who, row.text) for row in story] == [("Applicant", ""), ("Rule", words)]


def test_an_admission_without_a_person_is_on_probation(acme: Tenant, at: datetime) -> None:
    program = a_program()
    an_admission(program, "automatic", probation_days=60, probation_referrals=3)
    application = an_application(program, at=at)
    enrollment = Enrollment.objects.get(partner_id=application.partner_id or "")
    assert enrollment.probation_referrals == 3
    assert enrollment.probation_until == at + timedelta(days=60)
    story = ApplicationChange.objects.filter(application_id=application.id).last()
    assert story is not None
    assert (story.who, story.text) == (
        "Rule",
        "The program lets in everybody who answers its form.",
    )


def test_no_rule_merges_a_company_with_a_partner(acme: Tenant, at: datetime) -> None:
    program = a_program()
    an_admission(program, "automatic")
    a_partner("Larkfield Accounting")
    application = an_application(program, at=at)
    assert application.state == "submitted"
    assert Partner.objects.count() == 1
    story = ApplicationChange.objects.filter(application_id=application.id).last()
    assert story is not None
    assert "Larkfield Accounting" in story.text


def a_prospect(email: str) -> Prospect:
    return Prospect.objects.create(company="Larkfield", company_norm="larkfield", email=email)


@pytest.mark.parametrize(
    ("invited", "state"),
    [
        pytest.param("noor@larkfield.example", "approved", id="the invited person"),
        pytest.param("office@larkfield.example", "approved", id="a colleague"),
        pytest.param("kim@elsewhere.example", "submitted", id="somebody who got hold of the link"),
    ],
)
def test_invitation_only(acme: Tenant, at: datetime, invited: str, state: str) -> None:
    program = a_program()
    an_admission(program, "invitation")
    with pytest.raises(NotTaken):
        an_application(program, at=at, **OWN)
    prospect = a_prospect(invited)
    application = an_application(program, at=at, prospect_id=prospect.id, **OWN)
    assert application.state == state
    prospect.refresh_from_db()
    assert (prospect.partner_id is not None) == (state == "approved")


def learner_of(application: Application) -> Learner:
    return Learner(
        user_id=None,
        application_id=application.id,
        partner_id=None,
        name=application.name,
        language="en",
        program_id=application.program_id,
    )


def test_passing_the_course_lets_in(world: World, deliver: Any, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        course = a_course(questions=0, program_id=program.id, open_to_applicants=True)
        other = a_course("Other", questions=0, program_id=program.id, open_to_applicants=True)
        an_admission(program, "course", course_id=course.id)
        application = an_application(program, at=at)
        assert application.state == "course"
        lessons_done(other, learner_of(application), at)
    deliver()
    with tenant_scope(world.acme.id):
        application.refresh_from_db()
        assert application.state == "course"
        lessons_done(course, learner_of(application), at)
    deliver()
    with tenant_scope(world.acme.id):
        application.refresh_from_db()
        assert (application.state, application.decided_rule) == ("approved", "course")


def test_the_course_of_a_company_that_is_a_partner_ends_before_a_person(
    world: World, deliver: Any, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
        course = a_course(questions=0, program_id=program.id, open_to_applicants=True)
        an_admission(program, "course", course_id=course.id)
        application = an_application(program, at=at)
        a_partner("Larkfield Accounting")
        lessons_done(course, learner_of(application), at)
    deliver()
    with tenant_scope(world.acme.id):
        application.refresh_from_db()
        assert application.state == "submitted"
        assert application.due_at is not None


def test_an_unknown_mode_lets_nobody_in() -> None:
    assert not verdict_of("later", {}, Application(email="a@b.example")).admits
