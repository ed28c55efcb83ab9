"""Count visits of a program's public page per day and source; no cookie, no address, no person."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.http import HttpRequest

from partners.applications.rules import tidy_source
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope

# What crawlers, previews and tools call themselves; browsers all say Mozilla.
_BOT = re.compile(
    r"bot|crawl|spider|slurp|preview|scan|monitor|fetch|http|curl|wget|python|java/|go-|libwww|headless|facebookexternal"
    r"|whatsapp|telegram|embed|lighthouse|archiver",
    re.IGNORECASE,
)
# So many sources a day get rows of their own; a made-up one more is counted under "other".
SOURCES_A_DAY = 200
_COUNT = """
insert into partners_page_visits (tenant_id, program_id, day, source, campaign, views, starts)
select %(tenant)s, %(program)s, %(day)s,
  case when full_day.is_full then 'other' else %(source)s end,
  case when full_day.is_full then '' else %(campaign)s end, %(views)s, %(starts)s
from (select count(*) >= %(most)s and not exists (select 1 from partners_page_visits
        where program_id = %(program)s and day = %(day)s and source = %(source)s and campaign = %(campaign)s)
      from partners_page_visits where program_id = %(program)s and day = %(day)s) as full_day(is_full)
on conflict (tenant_id, program_id, day, source, campaign)
do update set views = partners_page_visits.views + excluded.views,
  starts = partners_page_visits.starts + excluded.starts
"""


def is_person(request: HttpRequest) -> bool:
    """Tell whether a browser of somebody outside asks for the page: no crawler, no prefetch, nobody of the vendor."""
    agent = request.headers.get("User-Agent", "")
    ahead = request.headers.get("Sec-Purpose", "") or request.headers.get("Purpose", "")
    member = getattr(request, "member", None)
    return (
        request.method == "GET"
        and agent.startswith("Mozilla/")
        and not _BOT.search(agent.partition("Mozilla/")[2])
        and "prefetch" not in ahead
        and not (member is not None and member.is_staff)
    )


def count_visit(
    *, program_id: UUID, source: str, campaign: str, at: datetime, starts: bool = False
) -> None:
    """Add one view of the page, or one start of the form, to its day in the tenant's zone."""
    tenant = Tenant.objects.only("time_zone").get(id=current_scope().tenant_id)
    given: dict[str, Any] = {
        "tenant": tenant.id,
        "program": program_id,
        "day": at.astimezone(ZoneInfo(tenant.time_zone)).date(),
        "source": tidy_source(source),
        "campaign": tidy_source(campaign),
        "views": 0 if starts else 1,
        "starts": 1 if starts else 0,
        "most": SOURCES_A_DAY,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, given)
