"""The money in full depth: new terms, a year of sales, months closed, runs paid in two currencies, all papers agree."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command

from commissions.accruals.models import Accrual, Release
from commissions.statements.models import Dispute, DisputeState, Statement
from commissions.verification import faults
from prm.tenancy.scope import tenant_scope
from tests.browser import HAS_CHROMIUM, Visitor
from tests.clock import Clock, let_holds_end_by_it, set_clock
from tests.commissions.statements.agreeing import breaks_in_series, differences
from tests.journeys import money_books as books
from tests.journeys import money_expected as expected
from tests.journeys import money_plan as plan
from tests.journeys import money_read as read
from tests.journeys import money_year as year
from tests.journeys.conftest import Ground, opened_ground
from tests.journeys.money_given import GIULIA, KIM, LUCA, NIAMH, RAE, the_given
from tests.journeys.steps import link_in, sent_mail, until, words_of
from tests.worker import eventually

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not HAS_CHROMIUM, reason="Chromium is not installed"),
]
FINANCE, SECOND = "finance@acme.example", "second@acme.example"
MANAGER, ADMIN = "manager@acme.example", "admin@acme.example"


@dataclass
class Walk:
    """The journey under way, its clock, and what was wrong with the pages that people saw."""

    ground: Ground
    clock: Clock
    ids: dict[str, UUID] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)
    # Files that were taken on the way.
    files: dict[str, bytes] = field(default_factory=dict)
    march: str = ""

    def person(self, email: str) -> Visitor:
        """Return the browser of a person."""
        return self.ground.person(email)

    def day(self, *date: int) -> None:
        """Let it become the morning of a day, once the worker has ended the holds that are over by now.

        A page calls a reward ready as soon as its hold is over; the books follow with the worker's next round, which
        would else be in the month of the new day.
        """
        eventually(self._released, what="the end of holds")
        self.clock.set(datetime(*date, 9, tzinfo=UTC))  # type: ignore[misc,arg-type]

    def _released(self) -> bool:
        with self.inside():
            disputed = Dispute.objects.filter(state=DisputeState.OPEN, accrual__isnull=False)
            over = Accrual.objects.filter(payable_at__lte=self.clock.now())
            over = over.exclude(id__in=Release.objects.values("accrual_id"))
            return not over.exclude(id__in=disputed.values("accrual_id")).exists()

    def look(self, person: Visitor, name: str) -> None:
        """Keep what axe and the eye for sideways scroll find on the page as it stands."""
        if found := person.problems():
            self.wrong[name] = found
        person.picture(f"money-{name}", full=True)

    def inside(self) -> Any:
        """Open the tenant's scope."""
        return tenant_scope(self.ground.world.acme.id)


@pytest.fixture
def walk(real_database: str, tmp_path: Path, settings: Any) -> Iterator[Walk]:
    """Open the portal on 4 February 2030, when the vendor begins its books."""
    settings.SESSION_COOKIE_AGE = 3 * 366 * 24 * 3600
    begin = datetime(2030, 2, 4, 9, tzinfo=UTC)
    with set_clock(tmp_path / "clock", begin) as clock:
        let_holds_end_by_it(real_database)
        with opened_ground(real_database, tmp_path, app="tests.clock") as ground:
            walk = Walk(ground, clock)
            with walk.inside():
                walk.ids = the_given(ground.world.acme, clock.now())
            yield walk


def terms_change(walk: Walk) -> None:
    """The admin drafts, tries and publishes new terms; both partners read what changes and accept it."""
    admin, euros = walk.person(ADMIN), walk.ids["EUR"]
    # The worked example is asked for while a button already leads away.
    admin.expected = ("htmx:sendAbort", "htmx:afterRequest")
    until(walk.person(FINANCE), "/acme/manage/books/", "1,212.93")
    plan.drafts(admin, euros, "2030-03-01")
    tried = plan.simulates(admin, "2029-01-01", "2029-12-31")
    walk.look(admin, "simulation")
    assert said(tried, *expected.TRIED) == []
    published = plan.publishes(admin, euros)
    assert said(published, "8% of the customer's first payment", "12% beyond €20,000.00") == []
    for email, words, signer, effect in (
        (NIAMH, plan.ENGLISH, "Niamh Byrne", expected.EFFECT_NIAMH),
        (GIULIA, plan.ITALIAN, "Giulia Ferrante", expected.EFFECT_GIULIA),
    ):
        path = link_in(sent_mail(walk.ground, email, "plan.published"), "terms")
        seen = plan.accepts_terms(walk.person(email), path, words, signer=signer)
        walk.look(walk.person(email), f"terms-{words.name}")
        assert said(seen, *effect) == []
    year.allows_rewards(walk.person(NIAMH))


def referrals_are_won(walk: Walk) -> None:
    """Each partner refers a company under the new terms and wins it; one person earns the bonus of the seller."""
    walk.day(2030, 3, 4)
    for email, company, contact in (
        (RAE, "Kestrel Logistics", "tom@kestrel.example"),
        (LUCA, "Molino Rossi", "anna@molino.example"),
        (KIM, "Prairie Tools", "bob@prairie.example"),
    ):
        year.refers(walk.person(email), company, contact)
        year.is_won(walk.ground, walk.person(MANAGER), company)
    until(walk.person(RAE), "/acme/your-rewards/", "On hold")
    walk.day(2030, 3, 20)
    until(walk.person(RAE), "/acme/your-rewards/", "Ready")
    assert "€75.00" in words_of(walk.person(RAE))
    # Luca's employer never allowed it.
    assert "€75.00" not in walk.person(LUCA).open("/acme/your-rewards/").content()


def months_are_closed(walk: Walk) -> None:
    """Finance closes the first two months, in order."""
    walk.day(2030, 4, 2)
    finance = walk.person(FINANCE)
    for period in (203002, 203003):
        books.closes(finance, period)
    finance.open("/acme/manage/books/203003/")
    walk.look(finance, "closed-month")
    walk.march = books.report(finance, 203003, "Journal")


def a_year_passes(walk: Walk) -> None:
    """Finance brings the file of the year, and records one refund by hand; the partner disputes one line."""
    walk.day(2031, 3, 17)
    finance, boss = walk.person(FINANCE), walk.person(NIAMH)
    year.uploads(finance, expected.YEAR, 10)
    until(boss, "/acme/earnings/", "€1,324.88")
    year.gives_back(finance, "INV-K2", "Refund", "1,000.00")
    until(boss, "/acme/earnings/", "€97.56")
    books.states(finance, "2031-03-17")
    walk.day(2031, 3, 18)
    dispute = year.disputes(boss, "1,324.88", wanted="1,334.88")
    until(boss, dispute, "€1,227.32 waits for the answer; everything else is paid.")
    walk.look(boss, "dispute")


def first_run(walk: Walk) -> None:
    """Both currencies are paid but for the disputed line; one payment comes back."""
    finance = walk.person(FINANCE)
    overview = finance.open("/acme/manage/finance/").locator("main").inner_text()
    assert tiles(overview) == expected.OVERVIEW_BEFORE
    run, preview = books.prepares(finance)
    assert said(preview, "€3,624.00", "€1,003.93", "$1,385.14", "€4,627.93") == []
    walk.look(finance, "run")
    books.approves(walk.person(SECOND), run, EUR="4,627.93", USD="1,385.14")
    walk.files["sepa"], walk.files["ach"] = books.files_of(
        finance, run, "SEPA file (pain.001)", "US bank file (NACHA)"
    )
    walk.day(2031, 3, 21)
    answer = books.camt(
        ("PR-2031-03-0001", "3624.00", "DBIT", "2031-03-19", ""),
        ("PR-2031-03-0003", "1003.93", "DBIT", "2031-03-19", ""),
        ("PR-2031-03-0003", "1003.93", "CRDT", "2031-03-21", "AC04"),
    )
    meaning = books.books_answer(finance, "bank.xml", answer, "3 rows")
    assert said(meaning, "€4,627.93", "€1,003.93", "AC04") == []
    listed = b"reference,outcome,amount,currency,fee\r\nPR-2031-03-0002,paid,1385.14,USD,2.50\r\n"
    books.books_answer(finance, "ach.csv", listed, "1 row")


def second_run(walk: Walk) -> None:
    """The dispute ends, a customer's bank takes money back, what came back is paid again."""
    finance = walk.person(FINANCE)
    year.corrects(finance, "Brightwater", "10.00")
    year.gives_back(finance, "INV-P1", "Chargeback", "2,000.00")
    walk.day(2031, 4, 4)
    until(finance, "/acme/manage/payouts/new/", "−$300.00")
    held = books.confirms(finance, "Studio Ferrante")
    assert "PR-2031-03-0003 came back from this account: The account is closed (AC04). Held" in held
    run, preview = books.prepares(finance)
    assert said(preview, "€1,237.32", "€1,003.93", "€2,241.25", "Carried forward") == []
    books.approves(walk.person(SECOND), run, EUR="2,241.25")
    (walk.files["sepa again"],) = books.files_of(finance, run, "SEPA file (pain.001)")
    books.settles(finance, run)
    walk.day(2031, 4, 8)
    books.states(finance, "2031-04-08")


def bank_files_agree(walk: Walk) -> None:
    """The files hold each payment once, by currency, and their own sums."""
    euros = {name: cents for name, cents in expected.FIRST_RUN.items() if not name.endswith("2")}
    dollars = {name: cents for name, cents in expected.FIRST_RUN.items() if name.endswith("2")}
    assert read.sepa_payments(walk.files["sepa"]) == (euros, 4_627_93)
    assert read.ach_payments(walk.files["ach"]) == dollars
    assert read.sepa_payments(walk.files["sepa again"]) == (expected.SECOND_RUN, 2_241_25)


def books_agree(walk: Walk) -> None:
    """The journals of all months hold every entry, and the closed month's comes out as it did a year ago."""
    finance = walk.person(FINANCE)
    assert books.report(finance, 203003, "Journal") == walk.march
    journals = [
        walk.march,
        *(books.report(finance, period, "Journal") for period in (203002, 203103, 203104)),
    ]
    rows = read.journal_rows(journals)
    assert read.booked(rows) == expected.BOOKED
    assert read.balances(rows) == expected.BALANCES
    with walk.inside():
        assert list(faults()) == []
    call_command("verify_ledger", tenant="acme")


def papers_agree(walk: Walk) -> None:
    """Each statement opens where the one before closed, and all its forms say the same, to the cent."""
    boss = walk.person(NIAMH)
    page = boss.open("/acme/statements/")
    papers = {
        link.inner_text().split()[0]: link.get_attribute("href") or ""
        for link in page.locator("main").get_by_role("link").all()
        if link.inner_text().startswith("ST-")
    }
    assert sorted(papers) == ["ST-2031-03-0001", "ST-2031-04-0001"]
    for number, lines, figures in (
        ("ST-2031-03-0001", expected.FIRST_PAPER, expected.FIRST_FIGURES),
        ("ST-2031-04-0001", expected.SECOND_PAPER, expected.SECOND_FIGURES),
    ):
        boss.open(papers[number])
        assert said(words_of(boss), *figures) == []
        asked = boss.context.request
        table = asked.get(f"{boss.origin}{papers[number]}csv/").text()
        assert read.paper_lines(table) == lines
        pdf = eventually(lambda at=papers[number]: pdf_of(boss, at), what=f"the PDF of {number}")
        assert said(read.pdf_text(pdf), *figures) == []
    walk.look(boss, "statement")
    with walk.inside():
        statements = list(Statement.objects.order_by("number"))
        assert len({(row.partner_id, row.currency) for row in statements}) > len(papers)
        assert list(breaks_in_series()) == []
        assert [fault for statement in statements for fault in differences(statement)] == []


def pdf_of(person: Visitor, path: str) -> bytes | None:
    answer = person.context.request.get(f"{person.origin}{path}pdf/")
    return answer.body() if answer.headers.get("content-type") == "application/pdf" else None


def dashboards_agree(walk: Walk) -> None:
    """Finance's overview, the partners' balances and the seller's own page say what the books say."""
    finance, boss, kim, rae = (walk.person(who) for who in (FINANCE, NIAMH, KIM, RAE))
    overview = finance.open("/acme/manage/finance/").locator("main").inner_text()
    assert tiles(overview) == expected.OVERVIEW_AFTER
    walk.look(finance, "overview")
    boss.open("/acme/")
    assert said(words_of(boss), "€4,861.32 paid in the last 12 months.") == []
    kim.open("/acme/earnings/")
    assert said(words_of(kim), "−$300.00") == []
    rae.open("/acme/your-rewards/")
    assert said(words_of(rae), "€75.00", "Paid") == []


def tiles(overview: str) -> dict[str, str]:
    """Return the figures of the overview by what they are."""
    lines = overview.splitlines()
    return {
        line: lines[place + 1] for place, line in enumerate(lines) if line[:4] in {"EUR,", "USD,"}
    }


def said(text: str, *figures: str) -> list[str]:
    """Return what a text does not say."""
    plain = text.replace("\u00a0", " ").replace("\u202f", " ")
    return [figure for figure in figures if figure not in plain]


def test_every_surface_agrees_to_the_cent(walk: Walk) -> None:
    terms_change(walk)
    referrals_are_won(walk)
    months_are_closed(walk)
    a_year_passes(walk)
    first_run(walk)
    second_run(walk)

    bank_files_agree(walk)
    papers_agree(walk)
    dashboards_agree(walk)
    books_agree(walk)
    people = walk.ground.people
    assert {who: person.faults for who, person in people.items() if person.faults} == {}
    assert walk.wrong == {}
