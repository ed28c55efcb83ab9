"""Django's handle on the prm package."""

from django.apps import AppConfig

from prm.slices import load_registrations

SLICES = ("api", "notices", "jobs", "audit", "signin", "accounts", "uploads")


class PrmConfig(AppConfig):
    """Loads what the slices register once all models are known."""

    name = "prm"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        load_registrations(self.name, SLICES)
