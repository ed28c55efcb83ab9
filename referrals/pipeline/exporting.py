"""Exports of referrals of any length, copied by PostgreSQL; the same cells as of listings.export_rows."""

from pathlib import Path
from typing import Any

from django.db.models import Case, CharField, F, QuerySet, Value, When
from django.db.models.functions import Cast, Coalesce, NullIf

from prm.web.copying import MOMENT, MONEY, TEXT, Copied, copy_csv
from referrals.pipeline.models import Referral, StageKind

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
]


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
        Copied(word, _stage_label() if source is _STAGE else source, kind, F("currency"))
        for word, (source, kind) in zip(header, sources, strict=True)
    ]
    return referrals.order_by("-registered_at", "-id"), columns


def _stage_label() -> Coalesce:
    """Return a stage's name, or its kind in the active language, as SQL."""
    kinds = [When(stage__kind=kind, then=Value(str(kind.label))) for kind in StageKind]
    return Coalesce(
        NullIf("stage__name", Value("")), Case(*kinds, default=Value(""), output_field=CharField())
    )
