"""Django's handle on the commissions package."""

from django.apps import AppConfig

from prm.slices import load_registrations

SLICES = (
    "plans",
    "overrides",
    "acceptances",
    "tiers",
    "ledger",
    "adjustments",
    "accruals",
    "teams",
    "closing",
    "payouts",
    "results",
    "contests",
    "gifts",
    "choices",
    "simulation",
    "calendar",
    "holds",
    "tax",
    "vat",
    "statements",
    "earnings",
)


class CommissionsConfig(AppConfig):
    """Loads what the slices register once all models are known."""

    name = "commissions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        load_registrations(self.name, SLICES)
