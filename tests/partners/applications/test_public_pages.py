"""Visitors read a program's page and apply in two screens, without a login; the pages leak nothing and keep input."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from partners.applications.links import draft_ticket, link_token
from partners.applications.mails import invited_url
from partners.applications.models import (
    Application,
    ApplicationState,
    PageVisits,
    Prospect,
)
from partners.applications.services import (
    edit_admission,
    save_draft,
    submit_application,
    unpublish_page,
)
from partners.applications.views_public import FORMS_AN_HOUR
from partners.programs.models import Program
from prm.accounts.capabilities import Role
from prm.events.services import SYSTEM
from prm.notices.models import Mail
from prm.tenancy.scope import tenant_scope
from tests.builders.applying import a_contact, an_open_program, answers
from tests.builders.commissions import a_plan
from tests.builders.partners import a_partner
from tests.builders.people import a_member
from tests.conftest import World

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
JOIN = "/acme/join/advisors/"
APPLY = f"{JOIN}apply/"
NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7|add:7 }}{% debug %}",
    "javascript:alert(1)",
    "';--",
    "\u202e\u0000".replace("\u0000", ""),
    "ü" * 3999,
]


@pytest.fixture
def program(world: World) -> Program:
    with tenant_scope(world.acme.id):
        return an_open_program()


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"User-Agent": BROWSER, "Accept-Language": "en"})


def who(**facts: str) -> dict[str, str]:
    given = {
        "company": "Oak & Sons",
        "country": "IT",
        "type": "referral",
        "name": "Olga Oak",
        "email": "olga@oak.example",
    }
    return {**given, **facts}


def questions_path(visitor: Client, **facts: str) -> str:
    response = visitor.post(APPLY, who(**facts))
    assert response.status_code == 303
    return str(response.headers["Location"])


def text(response: object) -> str:
    return re.sub(r"\s+", " ", response.content.decode())  # type: ignore[attr-defined]


def the_only(world: World) -> Application:
    with tenant_scope(world.acme.id):
        return Application.objects.get()


def test_the_page_follows_the_live_hold_days(
    world: World, program: Program, visitor: Client
) -> None:
    with tenant_scope(world.acme.id):
        a_plan(program, hold_days=30)
    assert "Ready for payout 30 days after it is earned" in text(visitor.get(JOIN))

    with tenant_scope(world.acme.id):
        a_plan(program, hold_days=45, starts_at=timezone.now() - timedelta(minutes=1))

    page = text(visitor.get(JOIN))
    assert "Ready for payout 45 days after it is earned" in page
    assert "Commission plan version 2" in page
    assert "30 days after" not in page


def test_medians_wait_for_five_cases_and_show_n_and_day(
    world: World, program: Program, visitor: Client
) -> None:
    now = timezone.now()
    with tenant_scope(world.acme.id):
        for number in range(4):
            _decided(program, number, now, days=3, by=world.manager.id)
    assert "Too early to say" in text(visitor.get(JOIN))
    assert "4 cases in the last 12 months" in text(visitor.get(JOIN))

    with tenant_scope(world.acme.id):
        _decided(program, 4, now, days=9, by=world.manager.id)
    _forget_medians()

    page = text(visitor.get(JOIN))
    assert "3 days</strong>" in page
    assert "Median of the last 12 months, 5 cases" in page


def _decided(program: Program, number: int, now: datetime, *, days: int, by: int) -> None:
    sent_at = now - timedelta(days=20)
    draft = save_draft(
        program_id=program.id,
        contact=a_contact(f"a@firm{number}.example"),
        language="en",
        at=sent_at,
    )
    submit_application(application_id=draft.id, answers=answers(), at=sent_at)
    Application.objects.filter(id=draft.id).update(
        state=ApplicationState.APPROVED,
        decided_at=sent_at + timedelta(days=days),
        decided_by_id=by,
    )


def _forget_medians() -> None:
    from django.core.cache import cache

    cache.clear()


def test_an_unpublished_program_is_not_there(
    world: World, program: Program, visitor: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        unpublish_page(program_id=program.id, actor=SYSTEM, at=at)

    for path in (JOIN, APPLY, f"{APPLY}sent/", f"{JOIN}agreement/"):
        assert visitor.get(path).status_code == 404
    assert visitor.get("/globex/join/advisors/").status_code == 404


def test_two_screens_lead_to_an_application_with_its_source(
    world: World, program: Program, visitor: Client
) -> None:
    page = visitor.get(f"{JOIN}?utm_source=News&utm_campaign=Spring&utm_medium=mail")
    apply_path = re.search(r'href="([^"]+apply/[^"]*)"', page.content.decode())
    assert apply_path is not None
    first = visitor.post(apply_path[1].replace("&amp;", "&"), who())

    second = visitor.post(
        first.headers["Location"],
        {"do": "send", "q-clients": "12", "q-work": "books", "q-story": "We <b>bake</b>"},
    )

    assert second.headers["Location"] == f"{APPLY}sent/"
    assert "Your answers have arrived" in text(visitor.get(f"{APPLY}sent/"))
    application = the_only(world)
    assert application.state == ApplicationState.SUBMITTED
    assert (application.source, application.campaign, application.medium) == (
        "news",
        "spring",
        "mail",
    )
    assert application.answers[2]["value"] == "We <b>bake</b>"
    status = visitor.get(f"/acme/application/{_token(world)}/")
    assert "We &lt;b&gt;bake&lt;/b&gt;" in text(status)
    assert status.headers["Cache-Control"] == "private, no-store"


def _token(world: World) -> str:
    with tenant_scope(world.acme.id):
        return link_token(Application.objects.get())


@pytest.mark.parametrize("nasty", NASTY)
def test_answers_stay_text(world: World, program: Program, visitor: Client, nasty: str) -> None:
    path = questions_path(visitor, company=nasty[:160], name=nasty[:120])

    visitor.post(path, {"q-clients": "12", "q-work": "books", "q-story": nasty})

    page = visitor.get(f"/acme/application/{_token(world)}/").content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert the_only(world).answers[2]["value"] == nasty.strip()


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"q-clients": "many"}, id="no number"),
        pytest.param({"q-clients": ["1", "x"]}, id="repeated key, the last counts"),
        pytest.param({"q-work": "nonsense"}, id="no such answer"),
        pytest.param({"q-work": ""}, id="required"),
        pytest.param({"q-story": "x" * 10_000}, id="ten thousand characters"),
        pytest.param({"q-story": "a\x00b"}, id="NUL"),
    ],
)
def test_a_wrong_answer_is_422_with_everything_kept(
    world: World, program: Program, visitor: Client, broken: dict[str, object]
) -> None:
    path = questions_path(visitor)
    given = {"q-clients": "12", "q-work": "books", "q-story": "Kept words", **broken}

    response = visitor.post(path, given)

    assert response.status_code == 422
    page = text(response)
    assert "There is a problem" in page
    if "q-story" not in broken:
        assert "Kept words" in page
    assert the_only(world).state == ApplicationState.DRAFT
    again = visitor.get(path)
    assert again.status_code == 200
    if "q-story" not in broken:
        assert "Kept words" in text(again)


@pytest.mark.parametrize(
    "facts",
    [
        {"email": "no address"},
        {"company": ""},
        {"country": "XX"},
        {"type": "king"},
        {"name": "a\x00b"},
        {"company": "x" * 10_000},
        {"website": "javascript:alert(1)"},
    ],
)
def test_a_wrong_contact_is_422_and_writes_nothing(
    world: World, program: Program, visitor: Client, facts: dict[str, str]
) -> None:
    response = visitor.post(APPLY, who(**facts))

    assert response.status_code == 422
    with tenant_scope(world.acme.id):
        assert not Application.objects.exists()


def test_a_knock_out_is_explained_at_once(world: World, program: Program, visitor: Client) -> None:
    path = questions_path(visitor)

    response = visitor.post(path, {"q-clients": "2", "q-work": "books"}, follow=True)

    page = text(response)
    assert "Come back with three clients." in page
    assert "How many clients?" in page
    assert "You can apply again from" in page
    assert the_only(world).state == ApplicationState.DECLINED


def test_a_second_application_gets_the_same_page_as_the_first(
    world: World, program: Program, visitor: Client
) -> None:
    given = {"q-clients": "12", "q-work": "books"}
    first = visitor.post(questions_path(visitor), given, follow=True)

    second = visitor.post(questions_path(visitor), given, follow=True)

    assert second.redirect_chain == first.redirect_chain
    assert _plain(second) == _plain(first)
    with tenant_scope(world.acme.id):
        assert Application.objects.count() == 1
        assert Mail.objects.filter(kind="application.known").count() == 1


def _plain(response: object) -> str:
    return re.sub(r'csrfmiddlewaretoken" value="[^"]*"|X-CSRFToken[^}]*', "", text(response))


def test_a_machine_that_fills_the_trap_writes_nothing(
    world: World, program: Program, visitor: Client
) -> None:
    response = visitor.post(APPLY, {**who(), "fax": "123"})

    assert response.headers["Location"] == f"{APPLY}sent/"
    with tenant_scope(world.acme.id):
        assert not Application.objects.exists()


def test_too_many_forms_wait(world: World, program: Program, visitor: Client) -> None:
    for _turn in range(FORMS_AN_HOUR):
        assert visitor.post(APPLY, {}).status_code == 422

    response = visitor.post(APPLY, {})

    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0


def test_saving_mails_a_link_that_opens_the_form_as_it_was(
    world: World, program: Program, visitor: Client
) -> None:
    path = questions_path(visitor)

    saved = visitor.post(path, {"do": "save", "q-clients": "abc", "q-story": "Half a"}, follow=True)

    assert "olga@oak.example" in text(saved)
    with tenant_scope(world.acme.id):
        link = re.search(r"http://[^/]+(/acme/application/\S+)", Mail.objects.get().text)
    assert link is not None
    page = Client().get(link[1], follow=True)
    assert "Half a" in text(page)
    assert 'value="abc"' in text(page)


def test_an_expired_or_forged_draft_says_so(
    world: World, program: Program, visitor: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        draft = save_draft(
            program_id=program.id, contact=a_contact(), language="en", at=at - timedelta(days=400)
        )
        ticket, token = draft_ticket(draft.id), link_token(draft)

    for path in (
        f"{APPLY}questions/?draft={ticket}",
        f"{APPLY}questions/?draft=x{ticket}",
        f"/acme/application/{token}/",
    ):
        response = visitor.get(path)
        assert response.status_code == 410
        assert "This form is closed" in text(response)
    for wrong in ("nothing", "\u2603", "a" * 500, "%00"):
        assert visitor.get(f"/acme/application/{wrong}/").status_code == 404
    assert visitor.get(f"/globex/application/{token}/").status_code == 404


def test_the_applicant_answers_and_withdraws(
    world: World, program: Program, visitor: Client
) -> None:
    visitor.post(questions_path(visitor), {"q-clients": "12", "q-work": "books"})
    path = f"/acme/application/{_token(world)}/"
    with tenant_scope(world.acme.id):
        Application.objects.update(state=ApplicationState.INFO_ASKED, asked="Which <i>ones</i>?")
    assert "Which &lt;i&gt;ones&lt;/i&gt;?" in text(visitor.get(path))

    assert visitor.post(path, {"answer": ""}).status_code == 422
    assert visitor.post(path, {"answer": "a\x00"}).status_code == 422
    assert visitor.post(path, {"answer": "Bakers"}).status_code == 303
    assert visitor.post(path, {"answer": "Again"}).status_code == 409
    assert visitor.post(f"{path}withdraw/").status_code == 422
    assert the_only(world).state == ApplicationState.SUBMITTED
    assert visitor.post(f"{path}withdraw/", {"sure": "yes"}).status_code == 303

    assert the_only(world).state == ApplicationState.WITHDRAWN
    assert "You took this application back" in text(visitor.get(path))


def test_an_invited_prospect_opens_a_closed_form(
    world: World, program: Program, visitor: Client, at: datetime
) -> None:
    with tenant_scope(world.acme.id):
        edit_admission(program_id=program.id, mode="invitation", actor=SYSTEM, at=at)
        prospect = Prospect.objects.create(
            company="Elm", company_norm="elm", email="ed@elm.example", country="IE"
        )
        path = invited_url(prospect_id=prospect.id, slug="advisors").partition("/join/")[2]

    assert visitor.get(APPLY).status_code == 403
    page = visitor.get(f"/acme/join/{path}")
    assert page.status_code == 200
    assert 'value="ed@elm.example"' in text(page)
    sent = visitor.post(f"/acme/join/{path}", who(company="Elm", email="ed@elm.example"))
    assert sent.status_code == 303
    assert the_only(world).prospect_id == prospect.id


def test_people_are_counted_and_machines_are_not(
    world: World, program: Program, visitor: Client
) -> None:
    visitor.get(f"{JOIN}?utm_source=News")
    visitor.get(JOIN, headers={"Referer": "https://www.Search.example/x"})
    visitor.get(JOIN, headers={"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"})
    visitor.get(JOIN, headers={"User-Agent": "curl/8"})
    visitor.get(JOIN, headers={"Sec-Purpose": "prefetch"})
    visitor.head(JOIN)
    visitor.get(f"{APPLY}?utm_source=News")

    with tenant_scope(world.acme.id):
        found = {
            (row.source, row.views, row.starts) for row in PageVisits.objects.order_by("source")
        }
    assert found == {("news", 1, 1), ("search.example", 1, 0)}


def test_a_partners_person_can_apply_for_another_company(
    world: World, program: Program, visitor: Client
) -> None:
    with tenant_scope(world.acme.id):
        partner = a_partner("Brightwater")
    rep = a_member(
        world.acme, Role.PARTNER_REP, "rep@bright.example", partner_id=partner.id, partner_name="B"
    )
    visitor.force_login(rep, backend="allauth.account.auth_backends.AuthenticationBackend")

    path = questions_path(visitor)

    assert visitor.get(path).status_code == 200


def test_pages_take_few_questions_to_the_database(
    world: World, program: Program, visitor: Client, django_assert_max_num_queries: object
) -> None:
    with tenant_scope(world.acme.id):
        a_plan(program)
    path = questions_path(visitor)

    for page in (JOIN, APPLY, path):
        with django_assert_max_num_queries(16):  # type: ignore[operator]
            visitor.get(page)


def test_the_page_speaks_italian_where_the_vendor_wrote_it(
    world: World, program: Program, visitor: Client
) -> None:
    path = questions_path(visitor)

    page = visitor.get(path, headers={"Accept-Language": "it"})

    assert "Quanti clienti?" in text(page)
    assert '<html lang="it"' in text(page)


def test_the_agreement_can_be_read_with_the_terms_of_the_moment(
    program: Program, visitor: Client
) -> None:
    assert f"{JOIN}agreement/" in text(visitor.get(JOIN))

    assert "For Advisors." in text(visitor.get(f"{JOIN}agreement/"))


def test_the_sign_in_page_leads_to_the_programs(
    world: World, program: Program, visitor: Client
) -> None:
    assert "/acme/join/" in text(visitor.get("/acme/accounts/login/"))
    assert "/join/" not in text(visitor.get("/globex/accounts/login/"))

    assert "Advisors" in text(visitor.get("/acme/join/"))
