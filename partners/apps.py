"""Django's handle on the partners package."""

from django.apps import AppConfig

from prm.slices import load_registrations

SLICES = ("programs", "directory", "agreements", "training", "applications", "onboarding")


class PartnersConfig(AppConfig):
    """Loads what the slices register once all models are known."""

    name = "partners"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        load_registrations(self.name, SLICES)
