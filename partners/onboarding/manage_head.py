"""What the vendor's pages of onboarding share: their tabs, who reads and acts."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from partners.onboarding import rules
from partners.onboarding.models import Entitlement
from partners.onboarding.selectors import waiting_steps
from partners.onboarding.stuck import stuck_runs
from prm.web.counts import bounded_counts, count_text
from prm.web.parts import Tab


def onboarding_tabs(current: str) -> list[Tab]:
    """Return the tabs of the pages and what waits behind each. current: overview, stuck, approvals or rewards."""
    at = timezone.now()
    counts = bounded_counts(
        {
            "stuck": stuck_runs(days=rules.STUCK_DAYS[0], at=at),
            "approvals": waiting_steps().select_related(None),
            "rewards": Entitlement.objects.filter(fulfilled_at=None),
        }
    )
    return [
        Tab(_("Funnel"), reverse("partners:onboarding-overview"), current == "overview"),
        Tab(
            _("Standing still"),
            reverse("partners:onboarding-stuck"),
            current == "stuck",
            count_text(counts["stuck"]),
        ),
        Tab(
            _("To approve"),
            reverse("partners:onboarding-approvals"),
            current == "approvals",
            count_text(counts["approvals"]),
            hot=bool(counts["approvals"]),
        ),
        Tab(
            _("Rewards"),
            reverse("partners:entitlement-list"),
            current == "rewards",
            count_text(counts["rewards"]),
        ),
    ]


def reader_language() -> str:
    """Return the language the reader sees the page in."""
    return get_language() or "en"
