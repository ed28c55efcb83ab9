"""Migrating an empty database for tests, without building most of Django's models anew for each operation."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import call_command
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import NOT_PROVIDED, Field


def migrate_quickly(**options: Any) -> None:
    """Run `migrate`; the same schema in a twentieth of the processor's time."""
    with _changes_in_place():
        call_command("migrate", verbosity=0, **options)


@contextmanager
def _changes_in_place() -> Iterator[None]:
    """Tell the models that are there of what is new: a model, a field, an index or a constraint.

    Django makes the model's class again, and those of all models around it, which here are nearly all: 31,000 classes
    for 80 migrations. Code in a migration still gets models made anew from the state, as `is_delayed` asks for.
    """

    def add_model(self: ProjectState, model_state: ModelState) -> None:
        self.models[key := (model_state.app_label, model_state.name_lower)] = model_state
        if self._relations is not None:  # type: ignore[attr-defined]
            self.resolve_model_relations(key)
        if "apps" in vars(self):
            self.is_delayed = True
            self.apps.render_multiple([model_state])

    def add_field(
        self: ProjectState,
        app_label: str,
        model_name: str,
        name: str,
        field: "Field[Any, Any]",
        preserve_default: bool,
    ) -> None:
        if not preserve_default:
            field = field.clone()
            field.default = NOT_PROVIDED
        self.models[key := (app_label, model_name)].fields[name] = field
        if self._relations is not None:  # type: ignore[attr-defined]
            self.resolve_model_field_relations(key, name, field)
        if "apps" in vars(self):
            self.is_delayed = True
            self.apps.get_model(*key).add_to_class(name, field.clone())
            self.apps.clear_cache()

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
        patch.setattr(ProjectState, "add_model", add_model)
        patch.setattr(ProjectState, "add_field", add_field)
        patch.setattr(ProjectState, "_append_option", append)
        patch.setattr(ProjectState, "_remove_option", remove)
        yield


def _set(
    state: ProjectState, app_label: str, model_name: str, option_name: str, value: list[Any]
) -> None:
    state.models[app_label, model_name].options[option_name] = value
    if "apps" in vars(state):
        setattr(state.apps.get_model(app_label, model_name)._meta, option_name, value)
