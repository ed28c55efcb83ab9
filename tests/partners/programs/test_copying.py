"""A program copied, or taken through a file into another tenant, has the same settings and nobody's data."""

import json
from copy import deepcopy
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from commissions.plans.models import PlanVersion
from partners.agreements.models import AgreementVersion
from partners.applications.models import Admission
from partners.applications.services import edit_admission
from partners.directory.models import Enrollment
from partners.onboarding.building import StepDraft, add_step, create_track
from partners.onboarding.models import Step, Track
from partners.onboarding.unlocks import set_unlock
from partners.programs.copying import (
    NotAProgram,
    copy_program,
    make_program,
    previewed,
    program_document,
)
from partners.programs.models import Program
from partners.training.models import Course, Lesson
from prm.accounts.models import User
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from referrals.stages.services import add_stage
from tests.builders.partners import SIZE, a_partner
from tests.builders.training import a_course, a_film
from tests.conftest import World
from tests.partners.programs.test_publishing import a_complete_program


def a_rich_program(tenant: Tenant, at: datetime) -> Program:
    """Make a program in which every part has something that refers to another."""
    program = a_complete_program(tenant, at)
    Program.objects.filter(id=program.id).update(custom_fields=[SIZE], summary="For accountants")
    add_stage(program_id=program.id, kind="qualified", name="Demo held", actor=SYSTEM, at=at)
    course = a_course("Gate", program_id=program.id, open_to_applicants=True, draw_count=3)
    edit_admission(
        program_id=program.id,
        mode="course",
        course_id=course.id,
        rules={"min_score": 10, "countries": ["IT"], "own_domain": True},
        probation_days=30,
        probation_referrals=3,
        page_text={"en": "Welcome", "it": "Benvenuti"},
        actor=SYSTEM,
        at=at,
    )
    track = create_track(
        program_id=program.id,
        name={"en": "Resellers"},
        partner_type="reseller",
        finish_days=None,
        actor=SYSTEM,
        at=at,
    )
    reward = StepDraft(
        kind="course",
        course_id=course.id,
        due_days=7,
        blocks_next=True,
        milestone={"en": "Certified"},
        reward_kind="credit",
        reward_minor=5000,
        reward_currency="EUR",
        reward_text={"en": "50 euros"},
    )
    add_step(track_id=track.id, draft=reward, actor=SYSTEM, at=at)
    set_unlock(
        program_id=program.id,
        feature="referral.submit",
        keys=["agreement", "fact:profile", f"course:{course.id}", f"track:{track.id}"],
        actor=SYSTEM,
        at=at,
    )
    program.refresh_from_db()
    return program


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def document(world: World, at: datetime) -> Any:
    with tenant_scope(world.acme.id):
        program = a_rich_program(world.acme, at)
        return json.loads(json.dumps(program_document(program_id=program.id)))


def test_exported_imported_and_exported_again_is_equal(
    world: World, document: Any, at: datetime
) -> None:
    with tenant_scope(world.globex.id):
        made = make_program(document=document, actor=SYSTEM, at=at)

        assert made.left_out == []
        assert program_document(program_id=made.program.id) == document

    assert set(document["parts"]) == {
        "stages",
        "plan",
        "agreement",
        "courses",
        "admission",
        "tracks",
        "unlocks",
    }


def test_everything_arrives_as_a_draft(world: World, document: Any, at: datetime) -> None:
    with tenant_scope(world.globex.id):
        make_program(document=document, actor=SYSTEM, at=at)

        assert PlanVersion.objects.get().published_at is None
        assert AgreementVersion.objects.get().number == 0
        assert Course.objects.get().state == "draft"
        assert {track.published_at for track in Track.objects.all()} == {None}
        admission = Admission.objects.get()
        assert admission.published_at is None
        assert admission.course_id == Course.objects.get().id
        assert Step.objects.filter(course_id=Course.objects.get().id).count() == 1


def test_the_file_names_no_row_and_no_person(world: World, document: Any, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        ids = [
            *Program.objects.values_list("id", flat=True),
            *Course.objects.values_list("id", flat=True),
            *Track.objects.values_list("id", flat=True),
        ]
    text = json.dumps(document)

    assert not [row for row in ids if str(row) in text]
    assert "@" not in text


def test_looking_first_writes_nothing(world: World, document: Any, at: datetime) -> None:
    with tenant_scope(world.globex.id):
        before = Event.objects.count()
        made = previewed(document=document, actor=SYSTEM, at=at)

        assert next(str(line.title) for line in made.lines if line.text) == "Stages"
        assert not Program.objects.exists()
        assert not Course.objects.exists()
        assert Event.objects.count() == before


def test_what_does_not_fit_is_named_and_the_rest_is_made(
    world: World, document: Any, at: datetime
) -> None:
    broken = deepcopy(document)
    broken["parts"]["stages"]["stages"].pop()
    broken["parts"]["courses"] = []
    broken["parts"]["magic"] = {}
    with tenant_scope(world.globex.id):
        made = make_program(document=broken, actor=SYSTEM, at=at)

        assert [(str(line.title), str(line.problem)) for line in made.left_out] == [
            ("Stages", "A pipeline needs every kind of stage, in its order"),
            (
                "Admission and application form",
                "The course that lets partners in is not in here; choose one",
            ),
            ("Onboarding tracks", "A step needs a course that is not in here; it was left out"),
            ("Unlock rules", "A condition on a course or track that is not in here"),
            ("magic", "This portal does not know this part"),
        ]
        assert PlanVersion.objects.count() == 1
        assert Track.objects.count() == 2


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {},
        {"schema": "partner-portal/program", "version": 2, "program": {}},
        {"schema": "partner-portal/program", "version": 1, "program": {"name": "x"}},
        {"schema": "partner-portal/program", "version": 1, "program": []},
    ],
)
def test_other_files_are_refused(acme: Tenant, at: datetime, wrong: Any) -> None:
    with pytest.raises(NotAProgram):
        make_program(document=wrong, actor=SYSTEM, at=at)

    assert not Program.objects.exists()


@pytest.mark.parametrize(
    ("part", "data"),
    [
        ("stages", {"stages": [{"kind": "won"}] * 3, "moves": [[0, 99]]}),
        ("plan", {"rules": [{"trigger": "won", "reward": "fixed"}], "hold_days": 0}),
        ("plan", {"rules": [{"trigger": "x", "rate": "NaN"}], "hold_days": 1}),
        ("agreement", {"texts": {"en": "{{ secret }}"}, "notice_days": 3}),
        ("agreement", "text"),
        ("courses", [{"title": {"en": 5}}]),
        ("admission", {"mode": "everybody"}),
        ("tracks", [{"name": {"en": "x\x00"}}]),
        ("unlocks", {"everything": ["agreement"]}),
        ("unlocks", {"referral.submit": 7}),
    ],
)
def test_a_part_with_bad_data_is_left_out_and_writes_nothing(
    world: World, document: Any, at: datetime, part: str, data: Any
) -> None:
    bare = {**document, "parts": {part: data}}

    with tenant_scope(world.globex.id):
        made = make_program(document=bare, actor=SYSTEM, at=at)

        assert len(made.left_out) == 1
        assert program_document(program_id=made.program.id)["parts"] == {}


def test_a_copy_keeps_files_and_shared_courses_and_has_no_partners(
    acme: Tenant, at: datetime
) -> None:
    program = a_rich_program(acme, at)
    a_partner(programs=(program,))
    shared = a_course("For everybody")
    a_film(Course.objects.get(program_id=program.id))
    track = Track.objects.filter(program_id=program.id).first()
    assert track is not None
    add_step(
        track_id=track.id,
        draft=StepDraft(kind="course", course_id=shared.id),
        actor=SYSTEM,
        at=at,
    )

    made = copy_program(program_id=program.id, name="Second", actor=SYSTEM, at=at)

    assert made.left_out == []
    assert (made.program.name, made.program.slug) == ("Second", "second")
    assert not Enrollment.objects.filter(program_id=made.program.id).exists()
    films = Lesson.objects.filter(kind="video")
    assert len(films) == 2
    assert len({film.file_id for film in films}) == 1
    assert Step.objects.filter(course_id=shared.id).count() == 2


def test_the_admin_exports_checks_and_imports_on_screen(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        program = a_rich_program(world.acme, at)
    exported = signed_in(world.admin).get(f"/acme/manage/programs/{program.id}/export/")
    there = signed_in(world.stranger)
    file = SimpleUploadedFile("program.json", exported.content)

    checked = there.post("/globex/manage/programs/import/", {"file": file})
    with tenant_scope(world.globex.id):
        assert not Program.objects.exists()
    done = there.post(
        "/globex/manage/programs/import/",
        {"document": exported.content.decode(), "name": "Taken over", "do": "import"},
    )

    assert exported.headers["Content-Disposition"].startswith("attachment")
    assert b"A draft with 1 rule" in checked.content
    assert done.status_code == 303
    with tenant_scope(world.globex.id):
        assert Program.objects.get().name == "Taken over"


def test_a_file_that_is_no_program_is_said_at_the_form(world: World) -> None:
    file = SimpleUploadedFile("program.json", b'{"schema": "other"}')

    page = signed_in(world.admin).post("/acme/manage/programs/import/", {"file": file})

    assert page.status_code == 422
    assert b"This file is no exported program" in page.content


def test_the_admin_copies_on_screen(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        program = a_rich_program(world.acme, at)

    done = signed_in(world.admin).post(
        f"/acme/manage/programs/{program.id}/copy/", {"name": "Resellers of the north"}
    )

    assert done.status_code == 303
    with tenant_scope(world.acme.id):
        assert Program.objects.filter(name="Resellers of the north").count() == 1
