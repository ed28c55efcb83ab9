"""A marketplace's year of leads through partners' links: what the report shows is what the files say.

495 landing pages are links of 99 partners, 8,000 leads come through them on their days, 842 are won at their times.
One file says that a lead was won a day before its first contact; its first contact is taken to be the win.
"""

import csv
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from statistics import quantiles

import pytest
from django.core.management import call_command
from django.test import Client

from partners.directory.services import add_partner
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from prm.web.formats import number_text, percent_text
from referrals.pipeline.models import Referral
from referrals.sharing.models import Link
from referrals.sharing.services import LinkFacts, add_link
from tests.builders.referrals import a_program
from tests.builders.sharing import NOBODY
from tests.conftest import World

DATA = Path(__file__).parents[3].parent / "shared" / "data" / "olist-funnel"
MAPPING = Path(__file__).with_name("olist.toml")
PARTNERS = 99
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (DATA / "qualified_leads.csv").is_file(),
        reason="../shared/data/olist-funnel is not on this machine",
    ),
]


class Lead:
    """One lead of the files. began_at and won_at: as the files write them, read as UTC."""

    def __init__(self, lead: dict[str, str], won: dict[str, str] | None) -> None:
        self.key, self.page, self.channel = lead["mql_id"], lead["landing_page_id"], lead["origin"]
        self.won_at = datetime.fromisoformat(won["won_date"]).replace(tzinfo=UTC) if won else None
        day = datetime.fromisoformat(lead["first_contact_date"]).replace(tzinfo=UTC)
        self.began_at = min(day, self.won_at) if self.won_at else day

    @property
    def days(self) -> float:
        assert self.won_at is not None
        return (self.won_at - self.began_at) / timedelta(days=1)


def leads_of_the_files() -> list[Lead]:
    with (DATA / "closed_deals.csv").open() as file:
        won = {row["mql_id"]: row for row in csv.DictReader(file)}
    with (DATA / "qualified_leads.csv").open() as file:
        return [Lead(row, won.get(row["mql_id"])) for row in csv.DictReader(file)]


def share_pages(leads: list[Lead], at: datetime) -> dict[str, str]:
    """Make a link of each landing page, dealt out to the partners in turn; return partner names by page."""
    program = a_program()
    names = [f"Partner {number:02}" for number in range(PARTNERS)]
    ids = {
        name: add_partner(name=name, program_ids=[program.id], actor=NOBODY, at=at).id
        for name in names
    }
    pages = dict(zip(sorted({lead.page for lead in leads}), cycle(names), strict=False))
    for page, name in pages.items():
        add_link(
            partner_id=ids[name],
            program_id=program.id,
            facts=LinkFacts(slug=page),
            actor=NOBODY,
            at=at,
        )
    return pages


def write_sheet(path: Path, leads: list[Lead], pages: dict[str, str]) -> None:
    with path.open("w", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(
            [
                "mql_id",
                "company",
                "partner",
                "first_contact",
                "won_date",
                "stage",
                "deal",
                "landing_page",
                "origin",
            ]
        )
        for lead in leads:
            won = lead.won_at.isoformat() if lead.won_at else ""
            sheet.writerow(
                [
                    lead.key,
                    f"Seller {lead.key[:12]}",
                    pages[lead.page],
                    lead.began_at.isoformat(),
                    won,
                    "won" if won else "lead",
                    "",
                    lead.page,
                    lead.channel,
                ]
            )


def cells_of(page: str) -> list[list[str]]:
    """Return the rows of the report's table, heads and foot too, as texts without what only narrow screens show."""
    table = page[page.index('id="channels-h"') :]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    return [
        [
            re.sub(r"<span.*?</span>|<[^>]+>", "", cell, flags=re.DOTALL).strip()
            for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)
        ]
        for row in rows
    ]


def line_of(name: str, leads: list[Lead]) -> list[str]:
    """Return a line of the report as the files give it."""
    days = [lead.days for lead in leads if lead.won_at]
    middle = quantiles(days, n=4, method="inclusive")[1] if len(days) > 1 else sum(days)
    return [
        name,
        "0",
        number_text(len(leads)),
        number_text(len(days)),
        percent_text(len(days) / len(leads), digits=1),
        number_text(round(middle, 1)) if days else "–",
    ]


def test_the_report_equals_the_files(world: World, at: datetime, tmp_path: Path) -> None:
    leads = leads_of_the_files()
    Tenant.objects.filter(id=world.acme.id).update(time_zone="UTC")
    with tenant_scope(world.acme.id):
        pages = share_pages(leads, at)
    assert (len(pages), len(leads)) == (495, 8000)
    sheet = tmp_path / "leads.csv"
    write_sheet(sheet, leads, pages)

    call_command("import_referrals", tenant="acme", program="referral", file=sheet, mapping=MAPPING)

    with tenant_scope(world.acme.id):
        assert_links(leads)
    client = Client()
    client.force_login(world.manager, backend="allauth.account.auth_backends.AuthenticationBackend")
    address = "/acme/manage/reports/channels/?first=2017-06-01&last=2018-06-30"
    page = client.get(address).content.decode()
    by_channel: dict[str, list[Lead]] = defaultdict(list)
    for lead in leads:
        by_channel[lead.channel].append(lead)
    wanted = {name: line_of(name or "No channel", rows) for name, rows in by_channel.items()}
    head, *lines, total = cells_of(page)
    assert head[0] == "Channel"
    assert sorted(lines) == sorted(wanted.values())
    assert total == line_of("All channels", leads)
    low, middle, high = quantiles(
        [lead.days for lead in leads if lead.won_at], n=4, method="inclusive"
    )
    assert f"{number_text(round(middle, 1))} days" in page
    assert (
        f"half of them took {number_text(round(low, 1))} to {number_text(round(high, 1))} days"
        in page
    )
    assert "842 of 8,000 leads became customers" in page


def assert_links(leads: list[Lead]) -> None:
    """Every lead came through its page's link, at its moment, for the link's partner, and was won at its time."""
    links = {link.id: link for link in Link.objects.all()}
    found = Referral.objects.values_list(
        "external_id", "link_id", "partner_id", "registered_at", "closed_at", "stage_kind", "source"
    )
    by_key = {row[0]: row[1:] for row in found}
    assert len(by_key) == len(leads)
    for lead in leads:
        link_id, partner_id, began_at, closed_at, kind, source = by_key[lead.key]
        assert link_id is not None
        assert links[link_id].slug == lead.page
        assert links[link_id].partner_id == partner_id
        assert (began_at, closed_at) == (lead.began_at, lead.won_at)
        assert (kind, source) == ("won" if lead.won_at else "submitted", "link")
    assert Counter(lead.won_at is not None for lead in leads)[True] == 842
