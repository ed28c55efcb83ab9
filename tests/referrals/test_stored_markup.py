"""Markup that partners and visitors write is text wherever it is shown: on every page, in every mail (S12)."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from prm.events.services import Actor
from prm.notices.models import Mail
from prm.tenancy.scope import tenant_scope
from referrals.attribution.cases import add_entry, pass_on
from referrals.attribution.holding import hold
from referrals.capture.asking import answer_question, ask_question
from referrals.claims.availability import set_hold
from referrals.claims.duplicates import note_matches
from referrals.claims.rules import Facts
from referrals.pipeline.models import Referral
from referrals.sharing.leads import LeadFacts, take_lead
from tests.builders.attribution import a_case
from tests.builders.capturing import a_link as a_signed_link
from tests.builders.claims import an_extension
from tests.builders.referrals import a_program, a_referral, people_of
from tests.builders.sharing import a_coupon, a_link, a_page, a_review
from tests.conftest import World

SCRIPT = "<script>canary()</script>"
MARKUP = (
    f"""Kes'"><img src=x onerror=canary()>{SCRIPT}{{{{7*7}}}} hx-get=/x [a](javascript:canary())"""
)
STARTS = (
    "manage/review/",
    "manage/cases/",
    "manage/held/",
    "manage/duplicates/",
    "manage/extensions/",
    "manage/sharing/",
)
OWN_STARTS = (
    "",
    "referrals/",
    "cases/",
    "share/",
    "share/codes/",
    "share/reviews/",
    "share/page/",
    "team/links/",
)
MOST_PAGES = 80


class Running(HTMLParser):
    """Collects what a browser would make of the markup: elements, attributes, links and scripts of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_script = tag == "script"
        for name, value in attrs:
            text = (value or "").strip().lower()
            own = (name, text) in {("src", "x"), ("hx-get", "/x")}
            if own or name == "onerror" or text.startswith("javascript:"):
                self.found.append(f"{tag} {name}={text}")

    def handle_data(self, data: str) -> None:
        if self.in_script and "canary()" in data:
            self.found.append(data)

    def handle_endtag(self, _tag: str) -> None:
        self.in_script = False


def running(text: str) -> list[str]:
    """Return what of the markup a browser would run."""
    reader = Running()
    reader.feed(text)
    return reader.found


@pytest.fixture
def cast(world: World, deliver: Callable[[], int]) -> Any:
    """Let two partners and a visitor write markup wherever they can."""
    now = timezone.now()
    manager = Actor(world.manager.id)
    with tenant_scope(world.acme.id):
        first, second = people_of(world.acme), people_of(world.acme, "Solea")
        texts: dict[str, Any] = {
            "company": MARKUP[:160],
            "contact_name": MARKUP[:120],
            "contact_title": MARKUP[:120],
            "context": MARKUP,
            "product": MARKUP[:120],
            "tax_id": SCRIPT,
            "channel": SCRIPT,
            "campaign": SCRIPT,
        }
        a_referral(now - timedelta(days=2), partner=first.partner, by=first.rep, **texts)
        late = a_referral(now, partner=second.partner, by=second.rep, **texts)
        note_matches(referral_id=late.id, at=now)
        case = a_case(late, now)
        entry = add_entry(
            case_id=case.case_id,
            partner_id=second.partner.id,
            text=MARKUP,
            actor=Actor(second.rep.id),
            at=now,
        )
        pass_on(entry_id=entry.id, actor=manager, at=now)
        held = a_referral(now, partner=second.partner, by=second.rep, stage="accepted", **texts)
        an_extension(held, now, evidence=MARKUP)
        hold(referral_id=held.id, note=MARKUP, actor=manager, at=now)
        asked = ask_question(referral_id=late.id, text=MARKUP, actor=manager, at=now)
        answer_question(question_id=asked.id, text=MARKUP, actor=Actor(second.rep.id), at=now)
        set_hold(
            facts=Facts(name="f", domain="free.example"),
            company=MARKUP,
            partner_id=second.partner.id,
            program_id=a_program().id,
            actor=Actor(second.rep.id),
            at=now,
        )
        link = a_link(now, partner=second.partner, channel=SCRIPT, campaign=SCRIPT)
        a_coupon(now, partner=second.partner)
        page = a_page(now, partner=second.partner, headline=MARKUP[:120], introduction=MARKUP)
        a_review(now, partner=second.partner, author_name=MARKUP[:80], text=MARKUP)
        a_signed_link(second.partner, second.admin, now)
        facts = LeadFacts(
            a_program().id,
            MARKUP[:160],
            MARKUP[:120],
            "n@new.example",
            message=MARKUP,
            link_id=link.id,
            page_id=page.id,
            channel=SCRIPT,
            campaign=SCRIPT,
            utm={"source": SCRIPT, "medium": MARKUP},
        )
        assert take_lead(facts=facts, at=now, key=None)
    deliver()
    return second, page


def walked(client: Client, starts: tuple[str, ...]) -> dict[str, str]:
    """Return every page of referrals that one can reach by links from the starts, by address, up to a number."""
    found: dict[str, str] = {}
    waiting = [f"/acme/{start}" for start in starts]
    while waiting and len(found) < MOST_PAGES:
        url = waiting.pop(0)
        if url in found:
            continue
        answer = client.get(url)
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            found[url] = ""
            continue
        found[url] = answer.content.decode()
        links = re.findall(
            r'href="(/acme/(?:manage/)?(?:referrals|cases|held|duplicates|extensions|share|sharing|review|p)/[^"#?]*)',
            found[url],
        )
        waiting += [unescape(link) for link in dict.fromkeys(links)]
    return found


def test_no_page_and_no_mail_runs_what_somebody_wrote(world: World, cast: Any) -> None:
    second, page = cast
    clients = [Client(), Client(), Client()]
    clients[0].force_login(world.admin)
    clients[1].force_login(second.admin)

    staff = walked(clients[0], STARTS)
    partner = walked(clients[1], OWN_STARTS)
    public = walked(clients[2], (f"p/{page.slug}/",))

    with tenant_scope(world.acme.id):
        mails = {f"mail {row.kind}": row.html for row in Mail.objects.all()}
        numbers = list(Referral.objects.values_list("id", flat=True))
    everything = {**staff, **partner, **public, **mails}
    assert {url: found for url, text in everything.items() if (found := running(text))} == {}
    assert not [url for url, text in everything.items() if ">49 hx-get" in text]
    # It was there to be seen, as text, on the pages of every referral and in mails.
    shown = {url for url, text in everything.items() if "canary()" in text}
    assert {f"/acme/manage/referrals/{key}/" for key in numbers} <= shown
    assert any(url.startswith("mail ") for url in shown)
    assert running(f"<p>{MARKUP}</p>") == ["img src=x", "img onerror=canary()", "canary()"]
    assert len(shown) > 30
