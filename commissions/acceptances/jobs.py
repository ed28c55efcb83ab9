"""What new terms would have meant for a partner with a long history, computed by the worker."""

from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commissions.acceptances.effects import JOB, effect_between
from commissions.plans.models import PlanVersion
from commissions.plans.selectors import version_terms
from prm.accounts.capabilities import Capability
from prm.jobs.runners import JobFailed, Progress, runner


@runner(
    JOB,
    label=_("What new terms would have meant"),
    capability=Capability.SEE_EARNINGS,
    stoppable=False,
    onward=_("See what it would have meant"),
)
def compute_effect(progress: Progress) -> None:
    """Price the partner's last twelve months under both versions; the page of its terms shows the result."""
    wanted = progress.params
    with progress.scope():
        found = {
            str(row.id): row
            for row in PlanVersion.objects.filter(id__in=[wanted["old"], wanted["new"]])
        }
        old, new = found.get(wanted["old"]), found.get(wanted["new"])
        if old is None or new is None or progress.partner_id is None:
            raise JobFailed(gettext("The terms are no longer there"))
        effect = effect_between(
            progress.partner_id,
            UUID(wanted["program"]),
            version_terms(old),
            version_terms(new),
            timezone.now(),
        )
    assert effect.before is not None
    assert effect.after is not None
    progress.advance(effect.event_count, effect.event_count)
    progress.finish(
        {
            "before_minor": effect.before.minor,
            "before_currency": effect.before.currency,
            "after_minor": effect.after.minor,
            "after_currency": effect.after.currency,
            "events": effect.event_count,
            "left_out": effect.left_out,
        }
    )
