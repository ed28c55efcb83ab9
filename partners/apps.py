"""Django's handle on the partners package."""

from importlib import import_module, util

from django.apps import AppConfig

SLICES = ("programs", "directory")


class PartnersConfig(AppConfig):
    """Loads the slices' event handlers once all models are known."""

    name = "partners"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        for slice_name in SLICES:
            module = f"partners.{slice_name}.handlers"
            if util.find_spec(module):
                import_module(module)
