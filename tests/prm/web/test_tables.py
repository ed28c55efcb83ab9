"""Tables name themselves, their rows and their order, and escape what people wrote."""

import re
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from django.http import QueryDict
from django.utils import translation
from django.utils.functional import lazy
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from prm.web.marks import escaped
from prm.web.paging import Page
from prm.web.tables import (
    AgoColumn,
    BadgeColumn,
    Column,
    MoneyColumn,
    Table,
    TextColumn,
    ident,
    pips,
    stage_cell,
)

THEN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class ReferralTable(Table):
    caption = "Referrals, newest first"
    company = Column("Company", accessor="name", row_header=True, sort="company")
    stage = TextColumn("Stage", priority=2)
    sender = TextColumn("Sent by", accessor="rep__name", priority=3)
    changed = AgoColumn("Last change", sort="changed")
    reward = MoneyColumn("Your reward", accessor="reward_minor")
    state = BadgeColumn("State", tones={"won": "ok"}, labels={"won": "Won"})

    def render_company(self, record: Any) -> str:
        return ident(record.name, f"/referrals/{record.id}/", sub=record.contact, hue=record.id)


def rows(count: int = 2) -> list[SimpleNamespace]:
    return [
        SimpleNamespace(
            id=index,
            name=f"Kestrel <b>{index}</b>",
            contact="Tom",
            stage="Demo",
            rep=SimpleNamespace(name="Aoife"),
            changed=THEN,
            reward_minor=360_000,
            currency="EUR",
            state="won",
        )
        for index in range(count)
    ]


def page(query: str = "") -> Page:
    return Page([], "-changed", ("company", "changed"), QueryDict(query), None, None, 2, 1000)


def test_the_table_says_what_it_holds_and_how_it_is_sorted() -> None:
    html = ReferralTable(rows(), page=page()).html()

    assert '<caption class="vh">Referrals, newest first</caption>' in html
    assert html.count("aria-sort") == 1
    assert re.search(
        r'<th scope="col" aria-sort="descending"><a class="sort" href="\?sort=changed"', html
    )
    assert html.count('<th scope="row">') == 2
    assert '<th scope="col" class="p2">Stage</th>' in html
    assert '<td class="n"><span class="money">€3,600.00</span></td>' in html


def test_what_people_wrote_is_escaped_everywhere() -> None:
    row = rows(1)[0]
    row.name = row.contact = row.stage = row.rep.name = '"><script>x</script>'

    html = ReferralTable([row], page=page('q="><script>')).html()

    assert "<script>" not in html
    assert html.count("&lt;script&gt;") == 4


def test_a_missing_value_is_a_dash() -> None:
    row = rows(1)[0]
    row.reward_minor, row.changed, row.rep, row.stage = None, None, None, ""

    assert ReferralTable([row]).html().count('<span class="faint">–</span>') == 4


def test_columns_a_person_may_not_see_are_absent() -> None:
    html = ReferralTable(rows(), without=["reward"]).html()

    assert "Your reward" not in html
    assert "3,600" not in html


def test_rows_can_be_picked_and_summed() -> None:
    html = ReferralTable(rows(1), pick=True, totals={"reward": "€3,600.00"}).html()

    assert '<input type="checkbox" name="pick" value="0">' in html
    assert '<tfoot><tr><td></td><th scope="row"></th>' in html
    assert '<td class="n">€3,600.00</td><td></td></tr></tfoot>' in html


def test_an_empty_table_says_so() -> None:
    assert '<div class="empty">' in ReferralTable([]).html()


def test_pips_say_the_step_in_words() -> None:
    with translation.override("en"):
        assert pips(2, 3) == (
            '<span class="pips"><i class="on"></i><i class="on"></i><i></i><span class="vh">Step 2 of 3</span></span>'
        )
    assert '<span class="vh">' in stage_cell("Demo", 2, 3)


def test_escapes_as_django_does() -> None:
    lazy_safe = lazy(lambda: SafeString("<b>a</b>"), str)()
    for value in ("<a & 'b'>", SafeString("<b>"), gettext_lazy("Home"), lazy_safe, 7, None):
        assert escaped(value) == conditional_escape(cast("str", value))
        assert isinstance(escaped(value), SafeString)
