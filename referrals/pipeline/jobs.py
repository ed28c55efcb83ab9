"""Exports with too many rows for a request."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prm.accounts.capabilities import Capability
from prm.jobs.runners import Progress, runner
from prm.web.exports import write_xlsx
from referrals.pipeline.exporting import copy_referrals
from referrals.pipeline.listings import export_header, export_name, export_rows
from referrals.pipeline.models import Referral
from referrals.pipeline.wanted import Wanted
from referrals.pipeline.whole import json_lines


@runner(
    "referral.export",
    label=_("Export of referrals"),
    capability=Capability.SEE_REFERRALS,
    unit=_("rows"),
)
def write_export(progress: Progress) -> None:
    """Write the rows the person saw into a file; a partner's job runs in the partner's scope."""
    staff, ending = bool(progress.params["staff"]), str(progress.params["format"])
    with (
        progress.temporary_file(f".{ending}") as path,
        progress.scope(),
    ):
        visible = Referral.objects.all()
        if not staff:
            visible = visible.filter(partner_id=progress.partner_id)  # type: ignore[misc]
            if only := progress.params.get("only_user_id"):
                visible = visible.filter(submitted_by_id=only)
        wanted, header = Wanted(**progress.params["wanted"]), export_header(staff=staff)
        if ending == "csv":
            rows = wanted.rows(visible, staff=staff)
            count = copy_referrals(path, rows, header=header, staff=staff)
        elif ending == "json":
            rows = wanted.rows(visible, staff=staff)
            with path.open("w", encoding="utf-8") as file:
                file.writelines(json_lines(rows, staff=staff))
            count = rows.count()
        else:
            count = write_xlsx(path, header, export_rows(wanted, visible, staff=staff))
        progress.advance(count, count)
        progress.finish({"rows": count}, path, export_name(ending, timezone.localdate()))
