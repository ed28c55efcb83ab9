"""What finance does in the browser: closes months, takes reports, runs payouts, reads the bank's answers."""

import re

from playwright.sync_api import Page

from tests.browser import Visitor
from tests.builders.people import PASSWORD
from tests.journeys.steps import click
from tests.worker import eventually


def opened_fresh(person: Visitor, path: str) -> Page:
    """Open a page that asks for the password again when it was given long ago."""
    page = person.open(path)
    prove_again(page)
    return page


def prove_again(page: Page) -> None:
    """Type the password where a page asks for it."""
    if "reauthenticate" in page.url:
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        click(page, "Confirm")


def done(person: Visitor) -> Page:
    """Wait on a job's page until it is done."""
    where = person.page.url

    def says() -> bool:
        words = person.open(where).locator("main").inner_text()
        assert "did not finish" not in words, words
        return "Done" in words

    eventually(says, seconds=90, what=where)
    return person.page


def closes(finance: Visitor, period: int) -> None:
    """Close a month of the books: look at it, say so, wait for the proof."""
    page = opened_fresh(finance, f"/acme/manage/books/{period}/close/")
    page.get_by_role("checkbox").check()
    click(page, "Close the month")
    done(finance)


def report(finance: Visitor, period: int, name: str) -> str:
    """Take a month's report as a CSV file; returns its text."""
    page = finance.open(f"/acme/manage/books/{period}/")
    click(page, f"{name} as CSV")
    return downloaded(done(finance)).decode("utf-8-sig")


def downloaded(page: Page) -> bytes:
    """Take the file that a finished job offers."""
    with page.expect_download() as taken:
        page.locator("main").get_by_role("link", name=re.compile("^Download")).first.click()
    return taken.value.path().read_bytes()


def states(finance: Visitor, until_on: str) -> None:
    """Issue every statement up to a day."""
    page = finance.open("/acme/manage/statements/issue/")
    page.get_by_label("Up to and including").fill(until_on)
    click(page, "Issue statements")
    done(finance)


def prepares(finance: Visitor) -> tuple[str, str]:
    """Prepare a payout run; returns its address and what the preview said."""
    page = finance.open("/acme/manage/payouts/new/")
    preview = page.locator("main").inner_text()
    page.locator("main form .form-foot button[type=submit]").click()
    page.get_by_text("Waiting for another person").first.wait_for()
    return page.url.removeprefix(finance.origin), preview


def confirms(finance: Visitor, name: str) -> str:
    """Let an account be paid again that a payment came back from; returns what the preview said of it."""
    page = finance.open("/acme/manage/payouts/new/")
    said = page.locator("main").inner_text()
    link = page.get_by_role("link", name=re.compile(f"^Pay again to the same account.*{name}$"))
    page = opened_fresh(finance, link.get_attribute("href") or "")
    page.get_by_label("Who confirmed it, and how").fill("Called the number on file")
    click(page, "Pay to this account again")
    page.get_by_text("is paid again").first.wait_for()
    return said


def approves(second: Visitor, run: str, **totals: str) -> None:
    """Another person types the totals by currency and approves."""
    page = opened_fresh(second, f"{run}approve/")
    for currency, total in totals.items():
        page.get_by_label(f"Type the total in {currency}").fill(total)
    page.get_by_role("button", name=re.compile("^Approve")).click()
    page.get_by_text("Approved", exact=True).first.wait_for()


def files_of(finance: Visitor, run: str, *names: str) -> list[bytes]:
    """Make a run's bank files and take some of them by name."""
    page = finance.open(run)
    click(page, "Make bank files")
    done(finance)
    page = finance.open(run)
    found = []
    for name in names:
        page.get_by_role("button", name="Files").click()
        with page.expect_download() as taken:
            page.get_by_role("link", name=name).click()
        found.append(taken.value.path().read_bytes())
        page.reload()
    return found


def settles(finance: Visitor, run: str) -> None:
    """Say that the bank paid all of a run."""
    click(finance.open(run), "Mark all as paid", role="link")
    click(finance.page, "Mark all as paid")
    finance.page.get_by_text("Settled", exact=True).first.wait_for()


def books_answer(finance: Visitor, name: str, content: bytes, rows: str) -> str:
    """Bring what a bank answered, read what it means, book it; returns what was read."""
    page = finance.open("/acme/manage/payouts/results/")
    page.locator("#id_file").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )
    click(page, "Read the file")
    page.get_by_role("heading", name=name).wait_for()
    read = page.locator("main").inner_text()
    click(page, f"Book {rows}")
    done(finance)
    return read


def camt(*entries: tuple[str, str, str, str, str]) -> bytes:
    """Return a bank's statement: reference, amount, DBIT or CRDT, day, reason of a return."""
    space = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
    rows = "".join(
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        f"<BookgDt><Dt>{day}</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>{number}</EndToEndId></Refs>"
        f'<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>'
        + (f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf>" if reason else "")
        + "</TxDtls></NtryDtls></Ntry>"
        for number, amount, side, day, reason in entries
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{space}"><BkToCstmrStmt><Stmt>'
        f"{rows}</Stmt></BkToCstmrStmt></Document>"
    ).encode()
