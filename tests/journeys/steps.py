"""What several journeys do: wait for the worker's mail or words, read a page, press what goes by a name."""

import re
from uuid import UUID

from playwright.sync_api import Page

from prm.notices.models import Mail, MailState
from prm.tenancy.scope import tenant_scope
from tests.browser import Visitor
from tests.journeys.conftest import Ground
from tests.worker import eventually

# Tools are not counted as visitors, and the test's own browser says that it is one.
PERSON = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36"
TOOL = "Mozilla/5.0 HeadlessChrome/142.0"


def sent_mail(ground: Ground, to: str, kind: str) -> str:
    """Wait until the worker has sent a mail of the tenant; return its text."""

    def sent() -> str:
        with tenant_scope(ground.world.acme.id):
            row = Mail.objects.filter(to=to, kind=kind, state=MailState.SENT).first()
            return row.text if row else ""

    return str(eventually(sent, seconds=60, what=f"{kind} to {to}"))


def link_in(text: str, to: str) -> str:
    """Return the path of the first address in a mail that leads to a part of the portal."""
    found = re.search(rf"https?://[^/\s]+(/acme/{to}/\S+)", text)
    assert found is not None, text
    return found[1]


def until(person: Visitor, path: str, words: str, *, seconds: int = 60) -> Page:
    """Open a page again and again until the worker has made it say something."""

    def says() -> bool:
        return words in person.open(path).locator("main").inner_text()

    eventually(says, seconds=seconds, what=f"“{words}” on {path}")
    return person.page


def words_of(person: Visitor) -> str:
    """Return what the page says where its subject stands."""
    return person.page.locator("main").inner_text()


def click(page: Page, name: str, *, role: str = "button") -> None:
    """Press what goes by just this name, and wait until the answer is quiet."""
    page.locator("main").get_by_role(role, name=name, exact=True).click()  # type: ignore[arg-type]
    page.wait_for_load_state("networkidle")


def told(page: Page, words: str) -> None:
    """Wait until the portal says that something was done."""
    page.get_by_role("region", name="Messages").get_by_text(words).wait_for()


def accepts(manager: Visitor, referral_id: UUID) -> None:
    """The manager accepts a referral and qualifies it."""
    page = manager.open(f"/acme/manage/referrals/{referral_id}/")
    click(page, "Accept referral")
    page.get_by_role("button", name="Move to").click()
    page.get_by_role("button", name="Qualified", exact=True).click()
    page.wait_for_load_state("networkidle")
    page.get_by_role("link", name="Mark as won", exact=True).wait_for()


def wins(manager: Visitor, referral_id: UUID, deal: str) -> None:
    """The manager marks a qualified referral as won. deal: as typed."""
    page = manager.open(f"/acme/manage/referrals/{referral_id}/")
    click(page, "Mark as won", role="link")
    page.get_by_label("Deal value").fill(deal)
    page.locator("main form .form-foot button[type=submit]").click()
    page.wait_for_load_state("networkidle")
    page.get_by_role("link", name="Mark as won", exact=True).wait_for(state="detached")
