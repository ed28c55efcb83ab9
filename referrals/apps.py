"""Django's handle on the referrals package."""

from django.apps import AppConfig

from prm.slices import load_registrations

SLICES = (
    "pipeline",
    "claims",
    "attribution",
    "stages",
    "revenue",
    "intake",
    "sharing",
    "imports",
    "capture",
)


class ReferralsConfig(AppConfig):
    """Loads what the slices register once all models are known."""

    name = "referrals"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        load_registrations(self.name, SLICES)
