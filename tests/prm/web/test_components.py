"""Every component renders with what its contract names, and says what screen readers need."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django import forms
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone, translation

from prm.web.charts import Bar, bar_chart
from prm.web.filters import FilterBar, search_words, select_from
from prm.web.forms import DateField, EmailField, FileDrop, HintedChoiceField, MoneyField
from prm.web.paging import Page
from prm.web.parts import Change, Entry, Link, Stage, Stat, Tab, Task

THEN = datetime(2026, 11, 5, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _english() -> Any:
    with translation.override("en"), timezone.override("UTC"):
        yield


def drawn(component: str, **given: Any) -> str:
    return re.sub(r"\s+", " ", render_to_string(f"components/{component}.html", given)).strip()


class EveryField(forms.Form):
    company = forms.CharField(label="Company", help_text="As on their website")
    email = EmailField(label="Email")
    deal = MoneyField(label="Deal value", currencies=["EUR"])
    decided = DateField(label="Decision", required=False, earliest=date(2026, 1, 1))
    stage = forms.ChoiceField(label="Stage", choices=[("a", "Accepted")])
    pay = HintedChoiceField(
        label="Pay out", choices=[("m", "Every month")], hints={"m": "On the last working day"}
    )
    hear = forms.MultipleChoiceField(
        label="Hear about", choices=[("x", "Contests")], widget=forms.CheckboxSelectMultiple
    )
    needs = forms.CharField(label="Needs", widget=forms.Textarea, required=False)
    list = forms.FileField(label="List", widget=FileDrop(accept=".csv", limits="Up to 20 MB"))
    agreed = forms.BooleanField(label="They agreed", help_text="We ask once")
    key = forms.CharField(widget=forms.HiddenInput)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        pytest.param(
            "company",
            [
                '<label for="id_company">Company</label>',
                'aria-describedby="id_company-hint"',
                'id="id_company-hint">As on',
            ],
            id="text",
        ),
        pytest.param(
            "email", ['type="email"', 'autocomplete="email"', 'class="input"'], id="email"
        ),
        pytest.param(
            "deal",
            [
                'class="affix"> <span aria-hidden="true">EUR</span>',
                'inputmode="decimal"',
                'id="id_deal"',
            ],
            id="money",
        ),
        pytest.param(
            "decided",
            ['type="date"', 'min="2026-01-01"', '<span class="opt">(optional)</span>'],
            id="date",
        ),
        pytest.param(
            "stage",
            ["<select", 'class="input"', '<option value="a">Accepted</option>'],
            id="select",
        ),
        pytest.param(
            "pay",
            [
                '<fieldset class="field">',
                "<legend>Pay out</legend>",
                'class="check choice"',
                "On the last working day",
            ],
            id="cards",
        ),
        pytest.param("hear", ["<fieldset", 'type="checkbox"', 'name="hear"'], id="checkboxes"),
        pytest.param("needs", ["<textarea", 'class="input"'], id="area"),
        pytest.param(
            "list",
            ['<label class="drop" for="id_list">', 'accept=".csv"', "Up to 20 MB"],
            id="file",
        ),
        pytest.param(
            "agreed",
            ['<label class="check">', 'type="checkbox"', 'id="id_agreed-hint">We ask once'],
            id="checkbox",
        ),
        pytest.param("key", ['type="hidden"'], id="hidden"),
    ],
)
def test_a_field_of_any_kind(name: str, parts: list[str]) -> None:
    html = drawn("field", field=EveryField()[name])

    for part in parts:
        assert part in html


def test_a_group_is_tied_to_its_error_and_its_first_choice() -> None:
    form = EveryField({})
    summary = drawn("error_summary", form=form)

    assert '<a href="#id_pay_0">Choose something for “Pay out”</a>' in summary
    assert '<div class="error-summary" tabindex="-1"> <div role="alert">' in summary
    assert 'aria-describedby="id_pay-err"' in drawn("field", field=form["pay"])


def test_a_form_without_problems_has_no_summary() -> None:
    assert drawn("error_summary", form=EveryField()) == ""


@pytest.mark.parametrize(
    ("component", "given", "parts"),
    [
        pytest.param(
            "badge",
            {"text": "Won", "tone": "ok", "icon": "check"},
            ['<span class="badge" data-tone="ok"><svg', "Won</span>"],
            id="badge",
        ),
        pytest.param(
            "button",
            {"label": "Go", "url": "/x", "kind": "primary", "about": "Kestrel"},
            ['<a class="btn btn--primary" href="/x">Go<span class="vh">: Kestrel</span></a>'],
            id="link",
        ),
        pytest.param(
            "button",
            {"label": "Go", "name": "do", "value": "it"},
            ['<button class="btn" type="submit" name="do" value="it">Go</button>'],
            id="button",
        ),
        pytest.param(
            "post_button",
            {"label": "Go", "action": "/x", "csrf_token": "t", "fields": {"a": 1}},
            ['name="csrfmiddlewaretoken" value="t"', 'name="a" value="1"'],
            id="post button",
        ),
        pytest.param(
            "callout",
            {"tone": "warn", "title": "Look", "action_label": "See", "action_url": "/x"},
            ['data-tone="warn"', "<strong>Look</strong>", 'href="/x">See</a>'],
            id="callout",
        ),
        pytest.param(
            "empty",
            {"title": "None yet", "level": 3, "action_url": "/x", "action_label": "Add"},
            ["<h3>None yet</h3>", "btn--primary"],
            id="empty",
        ),
        pytest.param(
            "chip", {"text": "Gold", "url": "?"}, ['aria-label="Remove filter: Gold"'], id="chip"
        ),
        pytest.param(
            "tabs",
            {"label": "Views", "tabs": [Tab("All", "/", current=True, count=0)]},
            ['aria-label="Views"', 'aria-current="page">All <span class="count">0</span>'],
            id="tabs",
        ),
        pytest.param(
            "stats",
            {"stats": [Stat("Open", "11", "since May", "+3", "ok")]},
            [
                "<dt>Open</dt>",
                '<dd class="stat__value">11</dd>',
                '<span class="delta" data-tone="ok">+3</span> since May',
            ],
            id="stats",
        ),
        pytest.param(
            "stages",
            {"label": "Way", "stages": [Stage("Sent", "done"), Stage("Won", "now", "today")]},
            [
                '<li data-state="now" aria-current="step"><b>Won</b>',
                "Step 2 of 2: <strong>Won</strong>, today",
            ],
            id="stages",
        ),
        pytest.param(
            "pips",
            {"step": 1, "total": 2, "tone": ""},
            ['<i class="on"></i><i></i><span class="vh">Step 1 of 2</span>'],
            id="pips",
        ),
        pytest.param(
            "timeline",
            {"label": "Story", "entries": [Entry("Moved", THEN, "Ada", note="<b>")]},
            ['<ol class="timeline" aria-label="Story">', "Ada · <time", "&lt;b&gt;"],
            id="timeline",
        ),
        pytest.param(
            "audit",
            {"entries": [Change("Rate", THEN, "Ada", before="12%", after="15%")]},
            ["<del>12%</del> <ins>15%</ins>", "5 November 2026, 09:00"],
            id="audit",
        ),
        pytest.param(
            "todo",
            {"tasks": [Task("Sign", "Soon", "/x", "Review")]},
            ['class="row-link" href="/x">Sign</a>', 'Review<span class="vh">: Sign</span>'],
            id="todo",
        ),
        pytest.param(
            "facts",
            {"facts": [("Sent", "now")], "sum": True},
            ['class="facts facts--sum"', "<dt>Sent</dt><dd>now</dd>"],
            id="facts",
        ),
        pytest.param(
            "progress",
            {"label_id": "j", "value": None, "total": None},
            ['<progress class="progress" aria-labelledby="j"></progress>'],
            id="not started",
        ),
        pytest.param(
            "job",
            {
                "id": "j",
                "title": "Import",
                "running": True,
                "url": "/j/",
                "done": 1,
                "total": 2,
                "words": "1 of 2 rows",
            },
            ['hx-trigger="every 2s"', 'value="1" max="2"', 'role="status">1 of 2 rows'],
            id="job",
        ),
        pytest.param(
            "copy",
            {"id": "own", "label": "Link", "value": "x"},
            ['readonly value="x"', 'data-copy="own" data-done="Copied"'],
            id="copy",
        ),
        pytest.param(
            "menu",
            {
                "id": "m",
                "label": "More",
                "icon": "more",
                "items": [Link("Edit", "/x", "edit")],
                "only_icon": True,
            },
            [
                'popovertarget="m" aria-label="More"',
                '<div class="menu" id="m" popover><a href="/x">',
            ],
            id="menu",
        ),
        pytest.param(
            "export_menu",
            {"csv_url": "/c", "excel_url": "/x"},
            ['href="/c"', "This view as CSV", "This view as Excel"],
            id="export",
        ),
        pytest.param(
            "export_menu",
            {"action": "/e", "csrf_token": "t"},
            ['action="/e"', 'name="format" value="xlsx"'],
            id="export as a job",
        ),
        pytest.param(
            "crumbs",
            {"items": [("Referrals", "/r")]},
            ['aria-label="Breadcrumb"', '<li><a href="/r">Referrals</a></li>'],
            id="crumbs",
        ),
        pytest.param(
            "dialog",
            {
                "id": "d",
                "title": "Sure?",
                "action": "/x",
                "submit": "Remove",
                "keep": "Keep it",
                "danger": True,
                "csrf_token": "t",
            },
            ['aria-labelledby="d-h"', "autofocus>Keep it", "btn--danger"],
            id="dialog",
        ),
        pytest.param(
            "bulk",
            {"words": "selected", "actions": [("do", "a", "Go")]},
            ['role="group"', "data-chosen hidden>", 'name="do" value="a">Go'],
            id="bulk",
        ),
        pytest.param(
            "avatar",
            {"name": "Aoife Brennan", "id": 5, "person": True},
            ['class="avatar" data-hue="5" aria-hidden="true">AB'],
            id="avatar",
        ),
        pytest.param(
            "ident",
            {"name": "Kestrel", "url": "/x", "id": 1},
            ['<a href="/x">Kestrel</a>', 'class="logo"'],
            id="ident",
        ),
        pytest.param(
            "form_foot",
            {"submit": "Save", "cancel_url": "/x"},
            ['type="submit">Save', 'href="/x">Cancel'],
            id="form foot",
        ),
        pytest.param(
            "balance",
            {"parts": [("ok", 60, 0), ("warn", 40, 60)]},
            ['<rect data-tone="warn" x="60%" width="40%"'],
            id="balance",
        ),
        pytest.param(
            "bell", {"url": "/n", "count": 2}, ['aria-label="Notifications, 2 new"'], id="bell"
        ),
        pytest.param(
            "section_head",
            {"id": "h", "title": "Today", "more_url": "/x", "more_label": "All"},
            ['<h2 id="h">Today</h2>', 'class="more" href="/x">All'],
            id="section",
        ),
    ],
)
def test_a_component(component: str, given: dict[str, Any], parts: list[str]) -> None:
    html = drawn(component, **given)

    for part in parts:
        assert part in html


def test_a_chart_has_its_sentence_and_its_table() -> None:
    chart = bar_chart(
        [Bar("Jan", "January", 3)], heading="Paid", finding="Three.", head=["Month", "Paid"]
    )
    html = drawn("chart", chart=chart, id="c")

    assert 'role="img" aria-labelledby="c-h" aria-describedby="c-d"' in html
    assert '<p class="small muted" id="c-d">Three.</p>' in html
    assert '<th scope="row">January</th><td class="n">3</td>' in html


def bar_of(query: str) -> FilterBar:
    params = QueryDict(query)
    stage = select_from(params, "stage", "Stage", [("won", "Won"), ("lost", "Lost")])
    return FilterBar("/referrals/", "Filter referrals", params, "Company or contact", [stage])


def test_filters_live_in_the_address_and_can_be_taken_out_one_by_one() -> None:
    bar = bar_of("q=kes&stage=won&sort=name&after=x")
    html = drawn("filters", bar=bar) + drawn("active_filters", bar=bar, note="2 found")

    assert '<option value="won" selected>Won</option>' in html
    assert 'value="kes"' in html
    assert '<input type="hidden" name="sort" value="name">' in html
    assert [(chip.text, chip.url) for chip in bar.chips] == [
        ("Search: kes", "/referrals/?stage=won&sort=name"),
        ("Stage: Won", "/referrals/?q=kes&sort=name"),
    ]
    assert bar.clear_url == "/referrals/?sort=name"
    assert 'aria-label="Remove filter: Stage: Won"' in html


def test_an_unknown_choice_counts_as_none() -> None:
    bar = bar_of("stage=secret&q=%00x")

    assert bar.selects[0].value == ""
    assert search_words(bar.params) == "x"
    assert [chip.text for chip in bar.chips] == ["Search: x"]


def test_the_pager_offers_what_there_is() -> None:
    page = Page([1, 2], "-x", ("x",), QueryDict("q=a"), "AA", None, 1001, 1000)
    html = drawn("pager", page=page)

    assert "2 of 1,000+ shown" in html
    assert 'rel="next" href="?q=a&amp;after=AA"' in html
    assert 'rel="prev"' not in html


@pytest.mark.parametrize(
    "template", ["400.html", "403.html", "404.html", "409.html", "429.html", "500.html"]
)
def test_an_error_page_needs_no_tenant(template: str) -> None:
    html = render_to_string(template, {}, RequestFactory().get("/"))

    assert '<html lang="en"' in html
    assert html.count("<h1>") == 1
