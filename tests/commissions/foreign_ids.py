"""Ids of rows that are none of ours, put where a page reads one of ours, and what came of it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.apps import apps
from django.db import connection, models, transaction
from django.db.utils import Error

from prm.tenancy.models import TenantModel
from prm.tenancy.scope import tenant_scope
from tests.architecture.test_isolation import Stage

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TABLES: list[type[models.Model]] = [
    model for model in apps.get_models() if issubclass(model, TenantModel)
]
# Who else has rows, and the name that their pages would show.
OTHERS = {"foreign": "Foreign Partner", "rival": "Rival Partner"}


def _is_uuid(model: type[models.Model]) -> bool:
    return isinstance(model._meta.pk, models.UUIDField)


def _asked(selects: Sequence[str], values: Sequence[Any] = ()) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(" union all ".join(selects), values)
        rows: list[Any] = cursor.fetchall()
    return rows


@dataclass
class Others:
    """Another vendor and another partner of ours: one id of each kind of row that they have, and how all of it is."""

    stage: Stage
    ids: dict[str, dict[type[models.Model], Any]] = field(default_factory=dict)
    before: dict[str, list[Any]] = field(default_factory=dict)

    def made(self, kinds: dict[str, set[str]]) -> "Others":
        """Make their objects of these kinds, as many as can be made beside each other."""
        for owner, wanted in kinds.items():
            for kind in sorted(kind for kind in wanted if not kind.startswith("=")):
                try:
                    with transaction.atomic():
                        self.stage.object(owner, kind)
                except (Error, ValueError, LookupError):
                    continue
        for owner in kinds:
            self.ids[owner] = dict(self._ids(owner))
            self.before[owner] = self.rows(owner)
        return self

    def _where(self, model: type[models.Model], owner: str) -> str | None:
        """Return what parts an owner's rows from the other rows of its tenant; None when nothing does."""
        if owner == "foreign":
            return "true"
        columns = {row.column for row in model._meta.concrete_fields}
        own = "id" if model._meta.label == "partners.Partner" else "partner_id"
        return f"t.{own} = '{self.stage.casts[owner].partner.id}'" if own in columns else None

    def _ids(self, owner: str) -> Iterator[tuple[type[models.Model], Any]]:
        with tenant_scope(self.stage.casts[owner].tenant.id):
            for model in TABLES:
                if (where := self._where(model, owner)) is None:
                    continue
                table, key = model._meta.db_table, model._meta.pk.column
                rows = _asked([f"select t.{key} from {table} t where {where} order by 1 limit 1"])
                if rows:
                    yield model, rows[0][0]

    def rows(self, owner: str) -> list[Any]:
        """Return what changes with every row that they have."""
        selects = [
            f"select '{model._meta.db_table}', count(*), sum(hashtextextended(t::text, 0))"
            f" from {model._meta.db_table} t where {where}"
            for model in TABLES
            if (where := self._where(model, owner)) is not None
        ]
        with tenant_scope(self.stage.casts[owner].tenant.id):
            return sorted(_asked(selects))

    def instead_of(
        self, name: str, value: str, asks: forms.Field | None, owner: str
    ) -> set[tuple[str, Any]]:
        """Return the ids to try in a field that holds `value`, each with the name of its table."""
        theirs = self.ids[owner]
        if isinstance(asks, forms.ModelChoiceField) and asks.queryset is not None:
            found = [asks.queryset.model]
        elif isinstance(asks, forms.UUIDField) or UUID.fullmatch(value):
            found = self._holding(value) if UUID.fullmatch(value) else []
            found = found or [model for model in theirs if _named(model, name) and _is_uuid(model)]
        else:
            # A number stands for a row only where a field offers rows, or says that it asks for an id.
            numbers = isinstance(asks, forms.ChoiceField) or name.endswith("_id")
            found = [
                model for model in theirs if _named(model, name) and (numbers or _is_uuid(model))
            ]
        return {(model._meta.db_table, theirs[model]) for model in found if model in theirs}

    def _holding(self, value: str) -> list[type[models.Model]]:
        with tenant_scope(self.stage.world.acme.id):
            kinds = [model for model in TABLES if _is_uuid(model)]
            selects = [
                f"select {place} from {model._meta.db_table} where {model._meta.pk.column} = %s"
                for place, model in enumerate(kinds)
            ]
            return [kinds[row[0]] for row in _asked(selects, [value] * len(kinds))]

    def mentions(self, found: Any) -> int:
        """Return how many of our rows speak of an id: those of the tenant whose scope the page had."""
        selects = [
            f"select count(*) from {model._meta.db_table} t where t::text like %s"
            for model in TABLES
        ]
        with tenant_scope(self.stage.world.acme.id):
            return sum(row[0] for row in _asked(selects, [f"%{found}%"] * len(TABLES)))


def _named(model: type[models.Model], name: str) -> bool:
    """Tell whether a field of this name may ask for a row of this kind: run_id, runs, payout_run."""
    word = name.removesuffix("_id").removesuffix("s").replace("_", "").lower()
    return len(word) > 2 and str(model._meta.model_name).endswith(word)


def usual_choice(asks: forms.Field | None) -> str:
    """Return the first value that a field offers, empty when it offers none."""
    choices: Any = getattr(asks, "choices", ())
    return next((str(value) for value, _ in choices if value not in {"", None}), "")
