"""Django's handle on the commissions package."""

from importlib import import_module, util

from django.apps import AppConfig

SLICES = ("plans", "ledger", "accruals", "payouts", "statements", "earnings")


class CommissionsConfig(AppConfig):
    """Loads the slices' event handlers once all models are known."""

    name = "commissions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        for slice_name in SLICES:
            module = f"commissions.{slice_name}.handlers"
            if util.find_spec(module):
                import_module(module)
