"""A program admin builds the application form on screen; what would break it is refused with everything kept."""

import pytest
from django.test import Client

from partners.applications.models import Admission
from partners.programs.models import Program
from prm.accounts.models import User
from prm.tenancy.scope import tenant_scope
from tests.builders.applying import an_open_program
from tests.builders.training import a_course
from tests.conftest import World


@pytest.fixture
def program(world: World) -> Program:
    with tenant_scope(world.acme.id):
        return an_open_program()


@pytest.fixture
def admin(world: World, program: Program) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(world.admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def path_of(program: Program, rest: str = "") -> str:
    return f"/acme/manage/programs/{program.id}/admission/{rest}"


def stored(world: World) -> Admission:
    with tenant_scope(world.acme.id):
        return Admission.objects.get()


def keys(world: World) -> list[str]:
    return [question["key"] for question in stored(world).questions]


ADMISSION = {"mode": "manual", "decide_days": "3", "reapply_days": "90"}


def test_a_question_with_answers_points_and_knock_out(
    world: World, program: Program, admin: Client
) -> None:
    response = admin.post(
        path_of(program, "questions/?type=one"),
        {
            "label_en": "Your trade?",
            "label_it": "Il mestiere?",
            "required": "on",
            "row1_label_en": "Baker",
            "row1_points": "7",
            "row2_label_en": "Candle maker",
            "row2_knock_out": "on",
            "decline_en": "No candles.",
        },
    )

    assert response.status_code == 303
    question = stored(world).questions[-1]
    assert question["key"] == "your_trade"
    assert question["label"] == {"en": "Your trade?", "it": "Il mestiere?"}
    assert question["choices"] == [
        {"key": "baker", "label": {"en": "Baker"}, "points": 7, "knock_out": False},
        {"key": "candle_maker", "label": {"en": "Candle maker"}, "points": 0, "knock_out": True},
    ]
    assert question["decline"] == {"en": "No candles."}


def test_editing_keeps_the_keys_of_questions_and_answers(
    world: World, program: Program, admin: Client
) -> None:
    admin.post(
        path_of(program, "questions/work/"),
        {
            "label_en": "What is your work?",
            "row1_key": "books",
            "row1_label_en": "Bookkeeping",
            "row2_key": "other",
            "row2_label_en": "Other",
        },
    )

    question = stored(world).questions[1]
    assert question["key"] == "work"
    assert question["label"] == {"en": "What is your work?"}
    assert [choice["key"] for choice in question["choices"]] == ["books", "other"]


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        pytest.param("text", {"label_en": ""}, id="no question"),
        pytest.param("one", {"label_en": "?", "row1_label_en": "Only"}, id="one answer"),
        pytest.param("number", {"label_en": "?", "least": "3"}, id="declines without words"),
        pytest.param("text", {"label_en": "?", "points": "101"}, id="too many points"),
        pytest.param("country", {"label_en": "?", "countries": "ITALY"}, id="no country"),
        pytest.param("text", {"label_en": "x" * 10_000}, id="too long"),
        pytest.param("text", {"label_en": "a\x00"}, id="NUL"),
        pytest.param(
            "one",
            {
                "label_en": "?",
                "required": "on",
                "row1_label_en": "A",
                "row1_knock_out": "on",
                "row2_label_en": "B",
                "row2_knock_out": "on",
                "decline_en": "No.",
            },
            id="declines everybody",
        ),
    ],
)
def test_a_question_that_cannot_be_asked_is_422(
    world: World, program: Program, admin: Client, kind: str, given: dict[str, str]
) -> None:
    response = admin.post(path_of(program, f"questions/?type={kind}"), given)

    assert response.status_code == 422
    assert keys(world) == ["clients", "work", "story"]


def test_questions_move_and_go(world: World, program: Program, admin: Client) -> None:
    admin.post(path_of(program, "questions/story/move/"), {"do": "up"})
    assert keys(world) == ["clients", "story", "work"]

    admin.post(path_of(program, "questions/clients/move/"), {"do": "up"})
    assert keys(world) == ["clients", "story", "work"]

    admin.post(path_of(program, "questions/clients/move/"), {"do": "remove"})
    assert keys(world) == ["story", "work"]
    assert admin.post(path_of(program, "questions/clients/move/"), {}).status_code == 404


def test_the_admission_is_saved_with_its_rules(
    world: World, program: Program, admin: Client
) -> None:
    response = admin.post(
        path_of(program),
        {
            **ADMISSION,
            "mode": "rules",
            "min_score": "20",
            "countries": ["IT", "IE"],
            "own_domain": "on",
            "page_text_en": "Hello",
            "probation_days": "30",
            "probation_referrals": "2",
        },
    )

    assert response.status_code == 303
    admission = stored(world)
    assert admission.rules == {"min_score": 20, "countries": ["IT", "IE"], "own_domain": True}
    assert (admission.decide_days, admission.reapply_days) == (3, 90)
    assert (admission.probation_days, admission.probation_referrals) == (30, 2)
    assert admission.page_text == {"en": "Hello"}


def test_countries_are_chosen_by_their_names_in_the_readers_language(
    world: World, program: Program, admin: Client
) -> None:
    admin.post(path_of(program), {**ADMISSION, "mode": "rules", "countries": ["IT", "DE"]})
    User.objects.filter(id=world.admin.id).update(language="it")

    page = admin.get(path_of(program)).text

    for code, name in (("IT", "Italia"), ("DE", "Germania")):
        assert f'<option value="{code}" selected>{name}</option>' in page
    assert '<option value="FR">Francia</option>' in page


def test_a_course_admits_only_when_it_is_open_to_applicants(
    world: World, program: Program, admin: Client
) -> None:
    with tenant_scope(world.acme.id):
        closed = a_course("Closed")
        open_one = a_course("Open", open_to_applicants=True)

    for course in ("", str(closed.id), "nonsense"):
        given = {**ADMISSION, "mode": "course", "course_id": course}
        assert admin.post(path_of(program), given).status_code == 422
    assert stored(world).course_id is None
    admin.post(path_of(program), {**ADMISSION, "mode": "course", "course_id": str(open_one.id)})

    assert stored(world).course_id == open_one.id


def test_half_a_probation_is_refused(world: World, program: Program, admin: Client) -> None:
    response = admin.post(path_of(program), {**ADMISSION, "probation_days": "30"})

    assert response.status_code == 422
    assert stored(world).probation_days is None


@pytest.mark.parametrize("rest", ["", "preview/", "preview/?language=it", "questions/work/"])
def test_the_pages_show_what_is_there(
    world: World, program: Program, admin: Client, rest: str
) -> None:
    response = admin.get(path_of(program, rest))

    assert response.status_code == 200
    page = response.content.decode()
    assert (
        "Quanti clienti?" in page if "it" in rest.partition("=")[2] else "What do you do?" in page
    )


@pytest.mark.parametrize(
    "kind", ["text", "long", "number", "one", "several", "yes_no", "country", "url"]
)
def test_every_type_has_its_form(program: Program, admin: Client, kind: str) -> None:
    assert admin.get(path_of(program, f"questions/?type={kind}")).status_code == 200


def test_an_unknown_type_is_not_there(program: Program, admin: Client) -> None:
    assert admin.get(path_of(program, "questions/?type=file")).status_code == 404
