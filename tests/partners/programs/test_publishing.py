"""A program goes public only when nothing is missing; each missing part is named, with the way to mend it."""

from datetime import datetime

import pytest
from django.test import Client

from commissions.plans.services import PlanTerms, RuleTerms, create_version, publish_version
from partners.agreements.models import AgreementVersion
from partners.applications.models import Admission
from partners.applications.publishing import ProgramClosed, ProgramIncomplete, publish_program
from partners.applications.services import edit_admission, unpublish_page
from partners.onboarding.building import StepDraft, add_step, create_track, publish_track
from partners.programs.checklist import checklist
from partners.programs.models import Program
from partners.programs.services import close_program
from prm.accounts.models import User
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import StageKind, StageMove
from referrals.pipeline.services import ensure_stages
from tests.builders.partners import LONG_AGO, a_program
from tests.builders.training import a_course
from tests.conftest import World

QUESTION = {
    "key": "clients",
    "type": "number",
    "required": True,
    "label": {"en": "How many clients do you have?", "it": "Quanti clienti hai?"},
}


def a_complete_program(tenant: Tenant, at: datetime) -> Program:
    """Make a program that lacks nothing for its public page; a scope must be open."""
    Tenant.objects.filter(id=tenant.id).update(support_email="partners@acme.example")
    program = a_program(objective="Win firms through accountants", metric="won", metric_target=40)
    ensure_stages(program_id=program.id)
    terms = PlanTerms(rules=[RuleTerms(trigger="won", reward="fixed", amount_minor=50_000)])
    version = create_version(
        program_id=program.id, terms=terms, starts_at=LONG_AGO, actor=SYSTEM, at=at
    )
    publish_version(version_id=version.id, actor=SYSTEM, at=at)
    AgreementVersion.objects.create(
        program_id=program.id,
        number=1,
        texts={"en": "Terms", "it": "Condizioni"},
        published_at=at,
        binding_from=at,
    )
    edit_admission(program_id=program.id, mode="manual", questions=[QUESTION], actor=SYSTEM, at=at)
    track = create_track(
        program_id=program.id,
        name={"en": "Start", "it": "Inizio"},
        partner_type="",
        finish_days=30,
        actor=SYSTEM,
        at=at,
    )
    add_step(
        track_id=track.id,
        draft=StepDraft(kind="fact", fact="profile"),
        actor=SYSTEM,
        at=at,
    )
    publish_track(track_id=track.id, actor=SYSTEM, at=at)
    return program


def lacking(program: Program, at: datetime) -> list[str]:
    return [item.key for item in checklist(program, at) if not item.is_done]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_an_empty_program_is_refused_with_everything_it_lacks(acme: Tenant, at: datetime) -> None:
    program = a_program()

    with pytest.raises(ProgramIncomplete) as refusal:
        publish_program(program_id=program.id, actor=SYSTEM, at=at)

    assert [item.key for item in refusal.value.items] == [
        "objective",
        "metric",
        "stages",
        "plan",
        "agreement",
        "form",
        "admission",
        "track",
        "contact",
    ]
    assert not Admission.objects.filter(published_at__isnull=False).exists()
    assert not Event.objects.filter(name="admission.published").exists()


def test_a_complete_program_goes_public_once_and_down_again(acme: Tenant, at: datetime) -> None:
    program = a_complete_program(acme, at)

    publish_program(program_id=program.id, actor=SYSTEM, at=at)
    publish_program(program_id=program.id, actor=SYSTEM, at=at)

    assert Admission.objects.get().published_at == at
    assert Event.objects.filter(name="admission.published").count() == 1
    unpublish_page(program_id=program.id, actor=SYSTEM, at=at)
    assert Admission.objects.get().published_at is None


def test_each_missing_part_alone_keeps_it_from_being_published(acme: Tenant, at: datetime) -> None:
    program = a_complete_program(acme, at)
    assert lacking(program, at) == []

    program.objective = " "
    assert lacking(program, at) == ["objective"]
    program.objective, program.metric_target = "Grow", None
    assert lacking(program, at) == ["metric"]
    program.metric_target = 1
    assert lacking(program, LONG_AGO.replace(year=2020)) == ["plan"]
    edit_admission(program_id=program.id, mode="rules", actor=SYSTEM, at=at)
    assert lacking(program, at) == ["admission"]
    edit_admission(program_id=program.id, mode="manual", questions=[], actor=SYSTEM, at=at)
    assert lacking(program, at) == ["form"]


def test_an_agreement_in_one_language_only_is_not_enough(acme: Tenant, at: datetime) -> None:
    program = a_complete_program(acme, at)
    AgreementVersion.objects.create(
        program_id=program.id,
        number=2,
        texts={"en": "New terms", "it": " "},
        published_at=at,
        binding_from=at,
    )

    found = next(item for item in checklist(program, at) if item.key == "agreement")

    assert found.problem == "Publish the agreement in Italian too"


def test_stages_must_lead_to_a_win(acme: Tenant, at: datetime) -> None:
    program = a_complete_program(acme, at)
    StageMove.objects.filter(to_stage__kind=StageKind.WON).delete()

    assert lacking(program, at) == ["stages"]


def test_admission_by_course_needs_a_published_course_for_applicants(
    acme: Tenant, at: datetime
) -> None:
    program = a_complete_program(acme, at)
    draft = a_course(publish=False, open_to_applicants=True)
    closed = a_course(open_to_applicants=False)
    ready = a_course(open_to_applicants=True)

    def problem(course_id: object) -> str:
        edit_admission(
            program_id=program.id, mode="course", course_id=course_id, actor=SYSTEM, at=at
        )
        return str(next(row for row in checklist(program, at) if row.key == "admission").problem)

    assert problem(None) == "Choose the course that lets partners in"
    assert problem(draft.id) == "Publish the course that lets partners in"
    assert problem(closed.id) == "Open the course that lets partners in to applicants"
    assert problem(ready.id) == ""


def test_a_closed_program_is_not_published(acme: Tenant, at: datetime) -> None:
    program = a_complete_program(acme, at)
    close_program(program_id=program.id, actor=SYSTEM, at=at)

    with pytest.raises(ProgramClosed):
        publish_program(program_id=program.id, actor=SYSTEM, at=at)


def test_the_page_names_what_is_missing_and_publishes_when_nothing_is(
    world: World, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        bare = a_program("Bare")
        whole = a_complete_program(world.acme, at)
    client = signed_in(world.admin)

    refused = client.post(f"/acme/manage/programs/{bare.id}/publish/", {"do": "publish"})
    taken = client.post(f"/acme/manage/programs/{whole.id}/publish/", {"do": "publish"})

    assert refused.status_code == 422
    assert b"Still missing: Objective, Metric, Stages" in refused.content
    assert f"/acme/manage/programs/{bare.id}/edit/#id_objective".encode() in refused.content
    assert taken.status_code == 303
    with tenant_scope(world.acme.id):
        assert list(
            Admission.objects.filter(published_at__isnull=False).values_list("program_id")
        ) == [(whole.id,)]
    client.post(f"/acme/manage/programs/{whole.id}/publish/", {"do": "unpublish"})
    with tenant_scope(world.acme.id):
        assert not Admission.objects.filter(published_at__isnull=False).exists()


def test_the_program_page_leads_to_recruiting(world: World) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()

    page = signed_in(world.admin).get(f"/acme/manage/programs/{program.id}/")

    assert b"Recruit and onboard" in page.content
    assert b"Not published; 9 parts are missing" in page.content


@pytest.mark.parametrize(
    ("metric", "typed", "stored"),
    [("won", "1,200", 1200), ("revenue", "1,200.50", 120050)],
)
def test_the_target_is_read_in_the_metrics_unit(
    world: World, metric: str, typed: str, stored: int
) -> None:
    with tenant_scope(world.acme.id):
        program = a_program()
    given = {
        "name": program.name,
        "metric": metric,
        "metric_target": typed,
        "protection_days": 90,
        "answer_hours": 2,
    }
    client = signed_in(world.admin)

    client.post(f"/acme/manage/programs/{program.id}/edit/", given)
    again = client.get(f"/acme/manage/programs/{program.id}/edit/")

    with tenant_scope(world.acme.id):
        assert Program.objects.get(id=program.id).metric_target == stored
    assert f'value="{typed}"'.encode() in again.content
