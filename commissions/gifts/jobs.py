"""The register of rewards as a file, written by the worker."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from commissions.gifts.models import GiftAward
from commissions.gifts.selectors import listed_awards
from commissions.gifts.wording import kind_text, state_text
from prm.accounts.capabilities import Capability
from prm.jobs.runners import Progress, runner
from prm.money import Money
from prm.tenancy.models import Tenant
from prm.web.exports import write_csv, write_xlsx

CHUNK = 2_000


@runner(
    "gift.export", label=_("Export rewards"), capability=Capability.SEE_PROGRAMS, unit=_("rows")
)
def export_awards(progress: Progress) -> None:
    """Write the rewards asked for, the newest first; the codes themselves are in no file."""
    ending = "xlsx" if progress.params.get("format") == "xlsx" else "csv"
    tenant = Tenant.objects.get(id=progress.tenant_id)
    header = [
        _t("Given"),
        _t("Program"),
        _t("Partner"),
        _t("For"),
        _t("What it is"),
        _t("Reward"),
        _t("What for"),
        _t("State"),
        _t("How it comes"),
        _t("Cost"),
        _t("Currency"),
    ]
    with progress.temporary_file(f".{ending}") as path:
        write = write_xlsx if ending == "xlsx" else write_csv
        count = write(path, header, _rows(progress))
        day = timezone.localdate().isoformat()
        progress.finish({"rows": count}, path, f"{tenant.slug}-rewards-{day}.{ending}")


def _rows(progress: Progress) -> Iterator[list[Any]]:
    wanted = progress.params
    last: UUID | None = None
    done = 0
    while True:
        with progress.scope():
            rows = listed_awards(
                state=wanted["state"],
                program_id=UUID(wanted["program"]) if wanted["program"] else None,
                words=wanted["words"],
            ).order_by("-id")
            chunk = list((rows.filter(id__lt=last) if last else rows)[:CHUNK])
        yield from (_line(award) for award in chunk)
        done += len(chunk)
        progress.advance(done)
        if len(chunk) < CHUNK or progress.should_stop():
            return
        last = chunk[-1].id


def _line(award: GiftAward) -> list[Any]:
    return [
        award.awarded_on,
        award.program.name,
        award.partner.name,
        award.person.name if award.person else "",
        kind_text(award.kind),
        award.title,
        award.reason,
        state_text(award),
        award.tracking,
        Money(award.cost_minor, award.currency),
        award.currency,
    ]
