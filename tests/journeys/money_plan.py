"""How a plan changes in the browser: drafted, tried on the history, published with notice, read and accepted."""

import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser import Visitor
from tests.journeys.steps import click, told, until


def rule_of(page: Page, number: int) -> Locator:
    """Return a rule of the editor."""
    return page.get_by_role("group", name=re.compile(rf"^Rule {number} "))


def add_rule(page: Page, kind: str) -> None:
    """Add a rule of a kind."""
    page.get_by_label("Another rule:").select_option(label=kind)
    click(page, "Add a rule")


def drafts(admin: Visitor, program: Any, starts_on: str) -> None:
    """The admin drafts the new terms; what they are stands in money_expected.py."""
    page = admin.open(f"/acme/manage/programs/{program}/plans/")
    click(page, "Draft a new version", role="link")
    add_rule(page, "Bands: more from a number or a sum on")
    click(page, "Remove rule 1")
    share = rule_of(page, 1)
    share.get_by_label("Pays").select_option(label="On payments of the first months")
    share.get_by_label("Number of months").fill("12")
    share.get_by_label("Counted by").select_option(label="Sum of all payments")
    share.get_by_label("Counted per").select_option(label="The whole time")
    share.get_by_label("A band's percentage counts for").select_option(
        label="The part inside the band"
    )
    for number, (start, end, rate) in enumerate(
        (("0", "20,000.00", "10"), ("20,000.00", "", "12")), start=1
    ):
        band = share.get_by_role("group", name=f"Band {number}", exact=True)
        band.get_by_label("From").fill(start)
        band.get_by_label("To", exact=False).first.fill(end)
        band.get_by_label("Percentage").fill(rate)
    share.get_by_label("Name on statements").fill("Share of revenue")
    add_rule(page, "A bonus on renewals")
    bonus = rule_of(page, 2)
    bonus.get_by_label("Reward", exact=True).select_option(label="A fixed amount")
    bonus.get_by_label("Fixed amount").fill("25.00")
    bonus.get_by_label("Name on statements").fill("Renewal bonus")
    add_rule(page, "A percentage or a fixed amount")
    spiff = rule_of(page, 3)
    spiff.get_by_label("Pays").select_option(label="When a referral is won")
    spiff.get_by_label("Reward", exact=True).select_option(label="A fixed amount")
    spiff.get_by_label("Fixed amount").fill("75.00")
    spiff.get_by_label("Name on statements").fill("Bonus for the seller")
    spiff.get_by_text("Conditions, limit and payee").click()
    spiff.get_by_label("Paid to").select_option(label="The person who sent the referral")
    page.get_by_label("In force from").fill(starts_on)
    page.get_by_label("Hold, in days").fill("14")
    page.locator("summary", has_text="How amounts count").click()
    page.get_by_label("Percentages count on").select_option(
        label="The amount without tax and discount"
    )
    page.get_by_label("Earned when").select_option(label="The money comes in, in proportion")
    click(page, "Save draft")
    expect(page.get_by_role("heading", name="Draft of version 2")).to_be_visible()


def simulates(admin: Visitor, first: str, last: str) -> str:
    """The admin tries the draft on the history, in a task; returns what the result's page says."""
    page = admin.page
    click(page, "Try it on your history", role="link")
    page.get_by_label("What is tried").select_option(label="Draft of version 2")
    page.get_by_label("First day").fill(first)
    page.get_by_label("Last day").fill(last)
    click(page, "Try it")
    where = page.url.removeprefix(admin.origin)
    until(admin, where, "Proof")
    return page.locator("main").inner_text()


def publishes(admin: Visitor, program: Any) -> str:
    """The admin reads what changes and publishes it; returns what was read."""
    page = admin.open(f"/acme/manage/programs/{program}/plans/draft/")
    click(page, "Save and review changes")
    words = page.locator("main").inner_text()
    click(page, "Publish version 2")
    told(page, "Version 2 is published")
    return words


@dataclass(frozen=True)
class Words:
    """What the page of new terms says in a language."""

    name: str
    accept: str
    accepted: str


ENGLISH = Words("Your full name", "Accept the new terms", "What your company accepted")
ITALIAN = Words(
    "Il tuo nome e cognome", "Accetta le nuove condizioni", "Che cosa ha accettato la tua azienda"
)


def accepts_terms(boss: Visitor, path: str, words: Words, *, signer: str) -> str:
    """Somebody who signs for the partner follows the mail's link, reads and accepts; returns what was read."""
    page = boss.open(path)
    read = page.locator("main").inner_text()
    page.get_by_label(words.name).fill(signer)
    page.get_by_role("checkbox").check()
    click(page, words.accept)
    page.get_by_role("heading", name=words.accepted).wait_for()
    return read
