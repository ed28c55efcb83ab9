"""Migrating an empty database, for the demo and for tests, without building most models anew for each operation."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.migrations.state import ModelState, ProjectState
from django.db.models import NOT_PROVIDED, Field


@contextmanager
def migrating_quickly() -> Iterator[None]:
    """Make `migrate` within the block quick: the same schema in a fifth of the processor's time.

    The models that are there are told of what is new: a model, a field, an index or a constraint. Django makes the
    model's class again, and those of all models around it, which here are nearly all: 31,000 classes for 80 migrations.
    Code in a migration still gets models made anew from the state, as `is_delayed` asks for. It changes Django's
    ProjectState for the whole process: for commands, not beside other threads.
    """
    usual = {name: getattr(ProjectState, name) for name in _QUICK}
    for name, method in _QUICK.items():
        setattr(ProjectState, name, method)
    try:
        yield
    finally:
        for name, method in usual.items():
            setattr(ProjectState, name, method)


def _add_model(self: ProjectState, model_state: ModelState) -> None:
    self.models[key := (model_state.app_label, model_state.name_lower)] = model_state
    if self._relations is not None:  # type: ignore[attr-defined]
        self.resolve_model_relations(key)
    if "apps" in vars(self):
        self.is_delayed = True
        self.apps.render_multiple([model_state])


def _add_field(  # noqa: PLR0917  Django calls it so
    self: ProjectState,
    app_label: str,
    model_name: str,
    name: str,
    field: "Field[Any, Any]",
    preserve_default: bool,  # noqa: FBT001
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


def _append(
    self: ProjectState, app_label: str, model_name: str, option_name: str, added: Any
) -> None:
    kept = self.models[app_label, model_name].options[option_name]
    _set(self, app_label, model_name, option_name, [*kept, added])


def _remove(
    self: ProjectState, app_label: str, model_name: str, option_name: str, name: str
) -> None:
    kept = self.models[app_label, model_name].options[option_name]
    left = [each for each in kept if each.name != name]
    _set(self, app_label, model_name, option_name, left)


def _set(
    self: ProjectState, app_label: str, model_name: str, option_name: str, value: list[Any]
) -> None:
    self.models[app_label, model_name].options[option_name] = value
    if "apps" in vars(self):
        setattr(self.apps.get_model(app_label, model_name)._meta, option_name, value)


_QUICK = {
    "add_model": _add_model,
    "add_field": _add_field,
    "_append_option": _append,
    "_remove_option": _remove,
}
