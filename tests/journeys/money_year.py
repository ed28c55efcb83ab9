"""A year of a vendor's sales in the browser: referrals won, a file of invoices and receipts, money given back."""

import re
from uuid import UUID

from prm.tenancy.scope import tenant_scope
from referrals.pipeline.models import Referral
from tests.browser import Visitor
from tests.journeys.conftest import Ground
from tests.journeys.money_books import done
from tests.journeys.steps import accepts, click, told, wins


def allows_rewards(boss: Visitor) -> None:
    """The partner's admin lets its people receive money."""
    page = boss.open("/acme/rewards-for-people/")
    page.get_by_label("Money and other rewards").check()
    click(page, "Save the choice")


def refers(person: Visitor, company: str, email: str) -> None:
    """Somebody of a partner sends a referral."""
    page = person.open("/acme/referrals/new/")
    page.get_by_label("Company name").fill(company)
    page.get_by_label("Full name").fill("Tom Ashdown")
    page.get_by_label("Work email").fill(email)
    click(page, "Submit referral")
    page.get_by_role("heading", name=company, exact=True).wait_for()


def is_won(ground: Ground, manager: Visitor, company: str) -> UUID:
    """The manager accepts and wins a referral; nothing is billed yet."""
    with tenant_scope(ground.world.acme.id):
        found = Referral.objects.get(company=company)
    accepts(manager, found.id)
    wins(manager, found.id, "0")
    return found.id


def uploads(finance: Visitor, content: bytes, rows: int) -> None:
    """Finance uploads a file of revenue: it is checked, then booked."""
    page = finance.open("/acme/manage/revenue/upload/")
    page.locator("#id_file").set_input_files(
        {"name": "year.csv", "mimeType": "text/csv", "buffer": content}
    )
    click(page, "Check file")
    page.get_by_role("button", name=f"Record {rows} rows").wait_for(timeout=60_000)
    click(page, f"Record {rows} rows")
    done(finance)


def gives_back(finance: Visitor, reference: str, what: str, amount: str) -> None:
    """Finance records money that a customer got back. what: Refund or Chargeback."""
    page = finance.open(f"/acme/manage/revenue/?q={reference}")
    page.locator("main").get_by_role("link", name=re.compile(rf"^Refund\s*: {reference}")).click()
    page.get_by_label(what).check()
    page.get_by_label("Amount given back").fill(amount)
    page.locator("main form .form-foot button[type=submit]").click()
    told(page, f"Recorded €{amount}" if what == "Refund" else f"Recorded ${amount}")


def disputes(boss: Visitor, amount: str, *, wanted: str) -> str:
    """The partner disputes the line of an amount on its newest statement; returns the dispute's address."""
    page = boss.open("/acme/statements/")
    page.locator("main").get_by_role("link", name=re.compile("^ST-")).first.click()
    page.get_by_role("link", name="Dispute a line").click()
    page.get_by_role("row", name=re.compile(amount)).get_by_role("link").click()
    page.get_by_label("What is wrong with this line").fill("One seat is missing.")
    page.get_by_label("What it should be").fill(wanted)
    click(page, "Dispute the line")
    page.get_by_role("heading", name="Disputed line").wait_for()
    return page.url.removeprefix(boss.origin)


def corrects(finance: Visitor, partner: str, amount: str) -> None:
    """Finance accepts a partner's dispute and books a correction."""
    page = finance.open("/acme/manage/disputes/")
    page.locator("main").get_by_role("link", name=partner, exact=True).click()
    page.get_by_label("Correction").fill(amount)
    page.get_by_label("Answer to the partner").fill("You are right.")
    click(page, "Accept and correct")
    page.get_by_text("can be paid again").wait_for()
