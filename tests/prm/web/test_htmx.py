"""One screen answers whole and in part; redirects reach browsers and htmx alike."""

import json
from typing import Any

import pytest
from django.http import HttpRequest
from django.template import engines
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from prm.web.htmx import announce, redirect_to, render_part

SCREEN = "{% load partials %}<h1>Referrals</h1>{% partialdef results inline %}<p>{{ word }}</p>{% endpartialdef %}"


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> None:
    template = engines["django"].from_string(SCREEN)

    def rendered(name: str, context: dict[str, Any], request: HttpRequest) -> str:
        if name == "screen.html":
            return str(template.render(context, request))
        assert name == "screen.html#results"
        return f"<p>{context['word']}</p>"

    monkeypatch.setattr("prm.web.htmx.render_to_string", rendered)


def asked(**headers: str) -> HttpRequest:
    request = RequestFactory().get("/", headers=headers)
    request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
    return request


@pytest.mark.usefixtures("screen")
@pytest.mark.parametrize(
    ("headers", "whole"),
    [
        pytest.param({}, True, id="a browser"),
        pytest.param({"HX-Request": "true"}, False, id="htmx"),
        pytest.param({"HX-Request": "true", "HX-History-Restore-Request": "true"}, True, id="back"),
        pytest.param({"HX-Request": "true", "HX-Boosted": "true"}, True, id="a boosted link"),
    ],
)
def test_htmx_gets_the_part_and_everybody_else_the_page(
    headers: dict[str, str], *, whole: bool
) -> None:
    response = render_part(asked(**headers), "screen.html", {"word": "Kestrel"}, say="1 found")

    assert ("<h1>" in response.content.decode()) is whole
    assert response["Vary"] == "HX-Request"
    assert ("HX-Trigger-After-Settle" in response) is not whole


@pytest.mark.usefixtures("screen")
def test_a_refused_form_keeps_its_status_and_tells_screen_readers() -> None:
    response = render_part(
        asked(**{"HX-Request": "true"}), "screen.html", {"word": ""}, status=422, say="Two"
    )

    assert response.status_code == 422
    assert json.loads(response["HX-Trigger-After-Settle"]) == {"say": {"value": "Two"}}


def test_after_a_change_a_browser_is_sent_on_with_303_and_htmx_by_its_header() -> None:
    browser, htmx = redirect_to(asked(), "/x/"), redirect_to(asked(**{"HX-Request": "true"}), "/x/")

    assert (browser.status_code, browser["Location"]) == (303, "/x/")
    assert (htmx.status_code, htmx["HX-Redirect"]) == (200, "/x/")


def test_lists_hear_of_a_change() -> None:
    response = announce(redirect_to(asked(), "/x/"), "referral-changed", id=7)

    assert json.loads(response["HX-Trigger"]) == {"referral-changed": {"id": 7}}
