"""Certificates of a year for everybody who was paid."""

from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commissions.tax.certificates import NothingPaid, issue_certificate
from commissions.tax.years import year_totals_of
from prm.accounts.capabilities import Capability
from prm.events.services import Actor
from prm.jobs.runners import Progress, runner


@runner(
    "tax.certificates",
    label=_("Issue certificates of a year"),
    capability=Capability.SEE_MONEY,
    unit=_("partners"),
    onward=_("Open the year"),
)
def issue_certificates(progress: Progress) -> None:
    """Certify params["year"] for every partner that was paid in it, one transaction each; goes on after a kill."""
    year, actor = int(progress.params["year"]), Actor(progress.started_by_id)
    with progress.scope():
        partners = sorted({row.partner_id for row in year_totals_of(year)})
    after = progress.checkpoint.get("after", "")
    for place, partner_id in enumerate(partners, 1):
        if after and partner_id <= UUID(after):
            continue
        if progress.should_stop():
            return
        with progress.scope():
            try:
                issue_certificate(partner_id=partner_id, year=year, actor=actor, at=timezone.now())
            except NothingPaid:
                continue
            progress.advance(place, len(partners))
            progress.save_checkpoint({"after": str(partner_id)})
    progress.finish({"partners": len(partners)})
