"""Migrating an empty database for tests, without building most of Django's models anew for each index."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import call_command
from django.db.migrations.state import ProjectState


def migrate_quickly(**options: Any) -> None:
    """Run `migrate`; the same schema in half of the processor's time."""
    with _indexes_cost_nothing():
        call_command("migrate", verbosity=0, **options)


@contextmanager
def _indexes_cost_nothing() -> Iterator[None]:
    """Tell a model of its new indexes and constraints in place.

    Django makes the model's class again, and those of all models around it: some 18 for each of 180 operations.
    """

    def append(
        self: ProjectState, app_label: str, model_name: str, option_name: str, added: Any
    ) -> None:
        kept = self.models[app_label, model_name].options[option_name]
        _set(self, app_label, model_name, option_name, [*kept, added])

    def remove(
        self: ProjectState, app_label: str, model_name: str, option_name: str, name: str
    ) -> None:
        kept = self.models[app_label, model_name].options[option_name]
        left = [each for each in kept if each.name != name]
        _set(self, app_label, model_name, option_name, left)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ProjectState, "_append_option", append)
        patch.setattr(ProjectState, "_remove_option", remove)
        yield


def _set(
    state: ProjectState, app_label: str, model_name: str, option_name: str, value: list[Any]
) -> None:
    state.models[app_label, model_name].options[option_name] = value
    if "apps" in vars(state):
        setattr(state.apps.get_model(app_label, model_name)._meta, option_name, value)
