"""Hostile input at the pages by which partners come in: told in words, never a server's error."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone

from partners.agreements.rules import BadMergeFields, checked_text
from partners.applications.links import link_token
from partners.applications.mails import invited_url
from partners.applications.models import Application
from partners.applications.services import save_draft, submit_application
from partners.directory.models import Partner
from prm.accounts.models import User
from prm.tenancy.scope import tenant_scope
from prm.web.limits import is_within
from tests.builders.applications import a_prospect
from tests.builders.applying import a_contact, an_open_program, answers
from tests.builders.partners import a_partner
from tests.builders.training import a_course, a_film, a_learner, lessons_done
from tests.conftest import World, make_world
from tests.processor import processor_seconds

IMPORT = "/acme/manage/programs/import/"
LONG = "9" * 5000


def signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, settings: Any) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": str(tmp_path)}},
    }


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


def who(**facts: str) -> dict[str, str]:
    given = {
        "company": "Oak & Sons",
        "country": "IT",
        "type": "referral",
        "name": "Olga Oak",
        "email": "olga@oak.example",
    }
    return {**given, **facts}


def test_an_invited_applicant_may_go_back_to_the_first_screen(
    world: World, visitor: Client
) -> None:
    with tenant_scope(world.acme.id):
        program = an_open_program(mode="invitation")
        prospect = a_prospect()
        url = invited_url(prospect_id=prospect.id, slug=program.slug)
    path = re.sub(r"^https?://[^/]+", "", url)
    onward = visitor.post(path, who())
    assert onward.status_code == 303, onward.status_code
    back = onward.headers["Location"].replace("apply/questions/", "apply/")

    again = visitor.post(back, who(name="Olga Elm"))

    assert again.status_code == 303
    with tenant_scope(world.acme.id):
        assert Application.objects.get().name == "Olga Elm"


def _course_token(world: World) -> tuple[str, Any, Any]:
    course = a_course("Admits", lessons=1, questions=2, open_to_applicants=True)
    film = a_film(course)
    program = an_open_program("By course", mode="course", course_id=course.id)
    draft = save_draft(program_id=program.id, contact=a_contact(), language="en", at=timezone.now())
    sent = submit_application(application_id=draft.id, answers=answers(), at=timezone.now())
    assert sent.application
    lessons_done(course, a_learner(application_id=sent.application.id))
    return link_token(sent.application), course, film


def test_a_quiz_answer_of_5000_digits(world: World, visitor: Client) -> None:
    with tenant_scope(world.acme.id):
        token, _course, _film = _course_token(world)
    quiz = f"/acme/application/{token}/course/quiz/"
    assert visitor.post(quiz, {"do": "start"}).status_code == 303
    page = visitor.get(quiz).content.decode()
    name = re.findall(r'name="(q\d+)"', page)[0]
    for value in (LONG, "-1", "٣", "²", "a\x00", "1e9"):
        r = visitor.post(quiz, {"do": "submit", "attempt": "1", name: value})
        assert r.status_code == 422, (value[:5], r.status_code)


@pytest.mark.parametrize(
    "asked",
    [
        f"bytes={LONG}-",
        f"bytes=0-{LONG}",
        f"bytes=-{LONG}",
        "bytes=5-1",
        "bytes=-0",
        "bytes=-",
        "bytes=0-0,1-1",
        "lines=1-2",
    ],
)
def test_ranges(world: World, visitor: Client, asked: str) -> None:
    with tenant_scope(world.acme.id):
        token, _course, film = _course_token(world)
    r = visitor.get(
        f"/acme/application/{token}/course/lessons/{film.id}/file/", headers={"Range": asked}
    )
    assert r.status_code in (200, 206, 416), r.status_code
    if r.status_code != 416:
        list(r)


def _doc(**facts: Any) -> dict[str, Any]:
    program = {"name": "Taken", "currency": "EUR", "protection_days": 90, "answer_hours": 5}
    return {
        "schema": "partner-portal/program",
        "version": 1,
        "program": {**program, **facts.pop("program", {})},
        "parts": {},
        **facts,
    }


HOSTILE = {
    "parts list": _doc(parts=[1]),
    "parts text": _doc(parts="x"),
    "surrogate name": _doc(program={"name": "a\ud800b"}),
    "nul name": _doc(program={"name": "a\0b"}),
    "surrogate part": _doc(parts={"\ud800": 1}),
    "surrogate page text": _doc(
        parts={
            "admission": {
                "mode": "manual",
                "reapply_days": 1,
                "decide_days": 1,
                "page_text": {"en": "\ud800"},
            }
        }
    ),
    "deep part": _doc(parts={"x": json.loads("[" * 800 + "]" * 800)}),
    "huge number": _doc(program={"metric_target": 10**40}),
    "float": _doc(program={"answer_hours": 1e400}),
    "name number": _doc(program={"name": 5}),
    "currency list": _doc(program={"currency": ["EUR"]}),
    "questions of odd types": _doc(program={"questions": [{"key": [], "type": {}, "label": 5}]}),
    "admission odd": _doc(parts={"admission": {"mode": ["x"]}}),
    "admission rules": _doc(
        parts={
            "admission": {
                "mode": "rules",
                "reapply_days": 1,
                "decide_days": 1,
                "rules": {"countries": 5},
                "questions": [{"key": "a", "type": "number", "label": {"en": "x"}, "least": 1e400}],
            }
        }
    ),
    "nan": _doc(
        parts={
            "admission": {
                "mode": "manual",
                "reapply_days": 1,
                "decide_days": 1,
                "questions": [
                    {"key": "a", "type": "number", "label": {"en": "x"}, "least": float("nan")}
                ],
            }
        }
    ),
    "label types": _doc(
        parts={
            "admission": {
                "mode": "manual",
                "reapply_days": 1,
                "decide_days": 1,
                "questions": [{"key": "a", "type": "text", "label": {"en": {"a": 1}, "xx": "\0"}}],
            }
        }
    ),
    "tracks": _doc(parts={"tracks": [{"key": {"a": 1}, "name": {"en": 5}}]}),
    "steps": _doc(
        parts={
            "tracks": [
                {"name": {"en": "T"}, "steps": [{"kind": "fact", "fact": "nope"}, {"kind": "\0"}]}
            ]
        }
    ),
    "steps kind": _doc(
        parts={"tracks": [{"name": {"en": "T"}, "steps": [{"kind": "zzz", "title": {"en": "x"}}]}]}
    ),
    "steps fact": _doc(
        parts={
            "tracks": [
                {
                    "name": {"en": "T"},
                    "steps": [
                        {
                            "kind": "system",
                            "fact": "nope",
                            "title": {"en": "x"},
                            "reward_kind": "credit",
                        }
                    ],
                }
            ]
        }
    ),
    "tracks type": _doc(parts={"tracks": [{"name": {"en": "T"}, "partner_type": "nope"}]}),
    "unlocks": _doc(
        parts={
            "unlocks": {
                "referral.submit": 5,
                "nope": ["x"],
                "courses": ["course:id:1", {"a": 1}, "fact:zzz"],
            }
        }
    ),
    "unlocks str": _doc(parts={"unlocks": {"referral.submit": "agreement"}}),
    "courses": _doc(
        parts={
            "courses": [
                {
                    "title": {"en": "<script>"},
                    "lessons": [{"kind": "video", "file": "x"}],
                    "questions": [{"choices": 5}],
                }
            ]
        }
    ),
    "courses2": _doc(
        parts={
            "courses": [
                {
                    "key": "course-1",
                    "title": {"en": "x"},
                    "pass_percent": 1e9,
                    "draw_count": -1,
                    "lessons": [5],
                    "questions": [
                        {
                            "kind": "zzz",
                            "text": {"en": "a"},
                            "choices": [{"key": [], "text": {}, "right": "yes"}],
                        }
                    ],
                }
            ]
        }
    ),
    "plan": _doc(parts={"plan": {"rules": [{"rate": "NaN"}], "currency": "XXX", "hold_days": -1}}),
    "stages": _doc(
        parts={"stages": [{"kind": "won", "name": "x" * 500, "position": 1e9}, {"kind": 5}]}
    ),
    "agreement": _doc(
        parts={"agreement": {"texts": {"en": "{{ settings.SECRET_KEY }}"}, "notice_days": 1e9}}
    ),
    "agreement2": _doc(parts={"agreement": {"texts": [], "changes": 5}}),
}
for part in ("plan", "stages", "agreement", "courses", "tracks", "unlocks", "admission"):
    for label, junk in (
        ("null", None),
        ("num", 5),
        ("text", "x"),
        ("list", [1]),
        ("lists", [[]]),
        ("empty", {}),
        ("emptylist", []),
        ("nul", {"a\0": "\0"}),
        ("sur", {"\ud800": "\ud800"}),
        ("deep", json.loads('{"a":' * 300 + "1" + "}" * 300)),
    ):
        HOSTILE[f"{part} {label}"] = _doc(parts={part: junk})


@pytest.mark.parametrize("case", HOSTILE)
def test_import(world: World, case: str) -> None:
    text = json.dumps(HOSTILE[case])
    client = signed_in(world.admin)
    file = SimpleUploadedFile("p.json", text.encode(), content_type="application/json")
    seen = client.post(IMPORT, {"file": file})
    assert seen.status_code in (200, 422), seen.status_code
    made = client.post(IMPORT, {"do": "import", "document": text, "name": "N"})
    assert made.status_code in (302, 303, 422), made.status_code


@pytest.mark.parametrize("name", ["a\0b", "x" * 500, "", "  ", "\u202e", "<script>"])
def test_import_name(world: World, name: str) -> None:
    made = signed_in(world.admin).post(
        IMPORT, {"do": "import", "document": json.dumps(_doc()), "name": name}
    )
    assert made.status_code in (302, 303, 422), made.status_code


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xfe",
        b"",
        b"[" * 500000,
        b"{" * 1000,
        b'{"a":' * 100000,
        b"9" * 100000,
        b"NaN",
        b"null",
        b'"x"',
        b"\xef\xbb\xbf{}",
    ],
)
def test_import_raw(world: World, raw: bytes) -> None:
    client = signed_in(world.admin)
    file = SimpleUploadedFile("p.json", raw, content_type="application/json")
    assert client.post(IMPORT, {"file": file}).status_code == 422
    assert (
        client.post(IMPORT, {"do": "import", "document": raw.decode("latin-1")}).status_code == 422
    )


@pytest.mark.parametrize("depth", [500, 900, 980, 2000, 5000, 20000, 50000, 90000, 200000])
def test_import_depth(world: World, depth: int) -> None:
    client = signed_in(world.admin)
    text = json.dumps(_doc(parts={"x": 0})).replace('"x": 0', '"x": ' + "[" * depth + "]" * depth)
    file = SimpleUploadedFile("p.json", text.encode(), content_type="application/json")
    assert client.post(IMPORT, {"file": file}).status_code in (200, 422)


def test_spaces_behind_braces_cost_no_time() -> None:
    began = processor_seconds()
    with pytest.raises(BadMergeFields):
        checked_text("{{" + " " * 90_000)
    assert processor_seconds() - began < 1


def test_two_clicks_on_one_form_make_one_draft(real_database: str) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        an_open_program()
    key = str(uuid4())

    def click(number: int) -> int:
        try:
            return (
                Client(raise_request_exception=False)
                .post("/acme/join/advisors/apply/", who(form_key=key))
                .status_code
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(click, range(6))) == [303] * 6
    with tenant_scope(world.acme.id):
        assert Application.objects.count() == 1


def test_a_limit_holds_for_those_who_ask_at_once(real_database: str) -> None:
    request = RequestFactory().get("/")

    def ask(_number: int) -> int:
        try:
            return sum(is_within(request, what="x", most=20, seconds=3600) for _ in range(20))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(8))) == 20


def test_two_partners_merged_in_both_directions_at_once_leave_one(real_database: str) -> None:
    world = make_world()
    with tenant_scope(world.acme.id):
        one, other = a_partner("One"), a_partner("Other")
    clients = [signed_in(world.admin) for _ in range(4)]

    def merge(number: int) -> int:
        gone, stays = (one, other) if number % 2 else (other, one)
        path = f"/acme/manage/partners/{gone.id}/merge/{stays.id}/"
        try:
            return clients[number].post(path, {"reason": "Twice", "sure": "on"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert max(pool.map(merge, range(4))) < 500
    with tenant_scope(world.acme.id):
        assert Partner.objects.filter(merged_into=None).count() == 1
