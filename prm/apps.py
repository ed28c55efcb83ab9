"""Django's handle on the prm package."""

from importlib import import_module, util

from django.apps import AppConfig

SLICES = ("notices", "jobs")


class PrmConfig(AppConfig):
    """Loads the slices' event handlers once all models are known."""

    name = "prm"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        for slice_name in SLICES:
            module = f"prm.{slice_name}.handlers"
            if util.find_spec(module):
                import_module(module)
