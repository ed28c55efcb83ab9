"""The long work of revenue: files in, files out."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prm.accounts.capabilities import Capability
from prm.events.services import Actor
from prm.jobs.files import private_path
from prm.jobs.runners import JobFailed, Progress, runner
from prm.tenancy.models import Tenant
from prm.web.exports import write_xlsx
from referrals.revenue.exporting import copy_revenue
from referrals.revenue.selectors import Wanted, revenue_header, revenue_lines
from referrals.revenue.uploads import FileUnfit, Outcome, outcomes, reading_of, write_results

CHUNK = 200


@runner(
    "revenue.export",
    label=_("Export of revenue"),
    capability=Capability.RECORD_REVENUE,
    unit=_("rows"),
)
def write_export(progress: Progress) -> None:
    """Write the rows the person saw into a file."""
    ending = str(progress.params["format"])
    with (
        progress.temporary_file(f".{ending}") as path,
        progress.scope(),
    ):
        rows = Wanted(**progress.params["wanted"]).rows(timezone.localdate())
        count = (
            copy_revenue(path, rows)
            if ending == "csv"
            else write_xlsx(path, revenue_header(), revenue_lines(rows))
        )
        progress.finish(
            {"rows": count}, path, f"revenue-{timezone.localdate().isoformat()}.{ending}"
        )


@runner(
    "revenue.check",
    label=_("Check a file of revenue"),
    capability=Capability.RECORD_REVENUE,
    stoppable=False,
    unit=_("rows"),
    onward=_("See the check and record"),
)
def check_file(progress: Progress) -> None:
    """Book every row and take it all back: what is said is what the real run will do."""
    with progress.scope(), transaction.atomic():
        found = list(_outcomes(progress, 0))
        transaction.set_rollback(True)
    _finish(progress, found, fits="bookable")


@runner(
    "revenue.upload",
    label=_("Record a file of revenue"),
    capability=Capability.RECORD_REVENUE,
    stoppable=False,
    unit=_("rows"),
    onward=_("See what was recorded"),
)
def record_file(progress: Progress) -> None:
    """Book the rows chunk by chunk; a row that is there already is told so, so a killed run just begins again."""
    found: list[Outcome] = []
    while True:
        with progress.scope():
            rows = _outcomes(progress, found[-1].line if found else 0)
            chunk = list(islice(rows, CHUNK))
            found += chunk
            progress.advance(len(found))
        if len(chunk) < CHUNK:
            break
    _finish(progress, found, fits="recorded")


def _outcomes(progress: Progress, after: int) -> Iterator[Outcome]:
    tenant = Tenant.objects.only("time_zone", "currency").get(id=progress.tenant_id)
    path = private_path(progress.params["file"])
    try:
        reading = reading_of(path, ZoneInfo(tenant.time_zone), tenant.currency)
    except FileUnfit as unfit:
        raise JobFailed(str(unfit)) from unfit
    actor = Actor(user_id=progress.started_by_id)
    yield from outcomes(
        path, reading, actor=actor, at=datetime.fromisoformat(progress.params["at"]), after=after
    )


def _finish(progress: Progress, found: list[Outcome], *, fits: str) -> None:
    """Keep the file with the reasons; fits: the name under which rows without a fault are counted."""
    with progress.temporary_file(".csv") as path:
        counts = write_results(path, found)
        progress.finish(
            {
                fits: counts["recorded"],
                **{name: counts[name] for name in ("there_already", "error")},
            },
            path,
            "revenue-result.csv",
        )
