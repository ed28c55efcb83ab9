"""Exports of referrals of any length, copied by PostgreSQL; the same cells as of listings.export_rows."""

from pathlib import Path
from typing import Any

from django.db.models import Case, CharField, F, QuerySet, TextChoices, Value, When
from django.db.models.functions import Cast, Coalesce, NullIf

from prm.web.copying import MOMENT, MONEY, TEXT, Copied, copy_csv
from referrals.pipeline.masking import covered
from referrals.pipeline.models import Referral, Relationship, Role, Source, StageKind

_STAGE = object()
_SENDER = Coalesce(
    NullIf("submitted_by__name", Value("")),
    Cast("submitted_by__email", CharField()),
    "submitted_by_name",
)
# In the order of listings.export_header.
_SOURCES: list[tuple[Any, str]] = [
    ("number", TEXT),
    ("partner__name", TEXT),
    ("company", TEXT),
    ("website", TEXT),
    ("country", TEXT),
    ("contact_name", TEXT),
    ("contact_title", TEXT),
    ("contact_email", TEXT),
    ("contact_phone", TEXT),
    ("program__name", TEXT),
    (_STAGE, TEXT),
    (_SENDER, TEXT),
    ("registered_at", MOMENT),
    ("stage_entered_at", MOMENT),
    ("deal_minor", MONEY),
    ("currency", TEXT),
    ("protected_until", MOMENT),
    ("source", TEXT),
    ("role", TEXT),
    ("relationship", TEXT),
]
_CODES: dict[Any, type[TextChoices]] = {
    "source": Source,
    "role": Role,
    "relationship": Relationship,
}
_CONTACT = frozenset({"contact_name", "contact_title", "contact_email", "contact_phone"})


def copy_referrals(
    target: Path, referrals: QuerySet[Referral], *, header: list[str], staff: bool
) -> int:
    """Write referrals as CSV, newest first; return how many. Words in the active language, moments in its zone."""
    return copy_csv(target, *copied(referrals, header=header, staff=staff))


def copied(
    referrals: QuerySet[Referral], *, header: list[str], staff: bool
) -> tuple[QuerySet[Referral], list[Copied]]:
    """Return the rows of the file in their order, and its columns."""
    sources = [row for row in _SOURCES if staff or row[0] != "partner__name"]
    columns = [
        Copied(word, _as_read(source, staff=staff), kind, F("currency"))
        for word, (source, kind) in zip(header, sources, strict=True)
    ]
    return referrals.order_by("-registered_at", "-id"), columns


def _as_read(source: Any, *, staff: bool) -> Any:
    """Return what a column is read from: stages and codes in words, a partner's contacts covered where they must be."""
    if source is _STAGE:
        return _stage_label()
    if source in _CODES:
        return _words_of(source, _CODES[source])
    return covered(source) if source in _CONTACT and not staff else source


def _words_of(column: str, choices: type[TextChoices]) -> Case:
    whens = [When(**{column: one.value}, then=Value(str(one.label))) for one in choices]
    return Case(*whens, default=Value(""), output_field=CharField())


def _stage_label() -> Coalesce:
    """Return a stage's name, or its kind in the active language, as SQL."""
    kinds = [When(stage__kind=kind, then=Value(str(kind.label))) for kind in StageKind]
    return Coalesce(
        NullIf("stage__name", Value("")), Case(*kinds, default=Value(""), output_field=CharField())
    )
