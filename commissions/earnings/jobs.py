"""Files of many rewards, written by the worker."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.accruals.models import Accrual
from commissions.earnings.exports import HEADER, export_rows, file_name
from commissions.earnings.listings import Wanted
from prm.accounts.capabilities import Capability
from prm.jobs.runners import Progress, runner
from prm.tenancy.models import Tenant
from prm.web.exports import write_csv, write_xlsx

CHUNK = 5_000


@runner(
    "commission.export",
    label=_("Export commissions"),
    capability=Capability.SEE_MONEY,
    unit=_("rows"),
)
def export_commissions(progress: Progress) -> None:
    """Write the lines asked for, newest first, in chunks of their own transactions."""
    now, ending = timezone.now(), progress.params["format"]
    tenant = Tenant.objects.get(id=progress.tenant_id)
    header = [str(word) for word in HEADER[True]]
    with progress.temporary_file(f".{ending}") as path:
        rows = _rows(progress, now)
        count = (
            write_xlsx(path, header, rows) if ending == "xlsx" else write_csv(path, header, rows)
        )
        progress.finish({"rows": count}, path, file_name(tenant, timezone.localdate(now), ending))


def _rows(progress: Progress, now: datetime) -> Iterator[list[Any]]:
    wanted, last, done = Wanted(**progress.params["wanted"]), None, 0
    while True:
        with progress.scope():
            accruals = wanted.rows(Accrual.objects.all()).order_by("-id")
            chunk = list((accruals.filter(id__lt=last) if last else accruals)[:CHUNK])
            rows = list(export_rows(chunk, now=now, staff=True))
        yield from rows
        done += len(rows)
        progress.advance(done)
        if len(chunk) < CHUNK or progress.should_stop():
            return
        last = chunk[-1].id
