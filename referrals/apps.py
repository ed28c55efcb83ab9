"""Django's handle on the referrals package."""

from importlib import import_module, util

from django.apps import AppConfig

SLICES = ("pipeline", "revenue", "intake", "imports")


class ReferralsConfig(AppConfig):
    """Loads the slices' event handlers once all models are known."""

    name = "referrals"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        for slice_name in SLICES:
            module = f"referrals.{slice_name}.handlers"
            if util.find_spec(module):
                import_module(module)
