"""The unlock engine: what a partner has to do before a program opens a feature to it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import get_language, gettext

from partners.directory.models import Enrollment, EnrollmentState
from partners.onboarding import rules
from partners.onboarding.models import Fact, Run, Track, Unlock
from partners.onboarding.panels import holders_of
from partners.onboarding.selectors import fact_url, page_url, unsigned
from partners.onboarding.words import TO_DO
from partners.programs.texts import said
from partners.training.models import Course, Taking
from prm.accounts.gates import Missing, keeps_gate
from prm.events.services import Actor, emit

WORKING = (EnrollmentState.ACTIVE, EnrollmentState.APPROVED)


class FeatureLocked(ValueError):
    """The partner may not use a feature of the program yet; `missing` says what to do."""

    def __init__(self, feature: str, missing: Sequence[Missing]) -> None:
        super().__init__(f"{feature} is locked")
        self.feature, self.missing = feature, list(missing)


def missing(
    *, partner_id: UUID, program_id: UUID | None, feature: str, at: datetime
) -> list[Missing]:
    """Return the conditions of a feature that do not hold for a partner, in the active language; empty: it is open.

    program_id None: open as soon as one program of the partner opens it, else what the nearest program asks. A
    program's published agreement is always a condition of submitting. A partner without programs is not locked out
    here: it has nothing to do a feature in.
    """
    asked = _conditions(program_id, feature) if program_id else _conditions_of(partner_id, feature)
    found = [
        _missing_in(program, partner_id, conditions, at) for program, conditions in asked.items()
    ]
    return min(found, key=len, default=[])


def must_be_open(*, partner_id: UUID, program_id: UUID | None, feature: str, at: datetime) -> None:
    """Raise FeatureLocked when something is missing; for services, so that no other way in leads past the page."""
    if lacks := missing(partner_id=partner_id, program_id=program_id, feature=feature, at=at):
        raise FeatureLocked(feature, lacks)


@keeps_gate
def gate(partner_id: UUID, feature: str, at: datetime) -> list[Missing]:
    """Answer for prm.accounts.gates."""
    return missing(partner_id=partner_id, program_id=None, feature=feature, at=at)


def locked_features(*, partner_id: UUID, features: Iterable[str], at: datetime) -> frozenset[str]:
    """Return those of the features that are locked for a partner, for the menu."""
    programs = _programs_of(partner_id)
    rows = _rules_of(programs)
    found = set()
    for feature in features:
        asked = {
            program: _with_agreement(rows.get((program, feature), []), feature)
            for program in programs
        }
        if asked and all(
            conditions and _missing_in(program, partner_id, conditions, at)
            for program, conditions in asked.items()
        ):
            found.add(feature)
    return frozenset(found)


def conditions_of(program_id: UUID) -> dict[str, list[str]]:
    """Return the words of every feature's conditions in a program, for the editor."""
    return {
        row.feature: [rules.condition_key(condition) for condition in row.conditions]
        for row in Unlock.objects.filter(program_id=program_id)
    }


@transaction.atomic
def set_unlock(
    *, program_id: UUID, feature: str, keys: Iterable[str], actor: Actor, at: datetime
) -> Unlock | None:
    """Say what opens a feature of a program; no conditions open it to everybody. The same again writes nothing.

    keys: words of rules.condition_of. Raises rules.BadConditions, also for courses and tracks that are not there.
    Emits unlock.changed with before and after.
    """
    conditions = rules.checked_conditions(feature, keys)
    _must_exist(program_id, conditions)
    row = (
        Unlock.objects.select_for_update(no_key=True)
        .filter(program_id=program_id, feature=feature)
        .first()
    )
    before = row.conditions if row else []
    if before == conditions:
        return row
    if row is None:
        row = Unlock(program_id=program_id, feature=feature)
    row.conditions = conditions
    row.save()
    emit(
        "unlock.changed",
        subject=f"program:{program_id}",
        actor=actor,
        payload={"program_id": str(program_id), "feature": feature},
        changes={
            "conditions": [
                [rules.condition_key(condition) for condition in before],
                [rules.condition_key(condition) for condition in conditions],
            ]
        },
        at=at,
        queue=False,
    )
    return row


def _must_exist(program_id: UUID, conditions: list[dict[str, Any]]) -> None:
    for condition in conditions:
        kind = condition["kind"]
        if kind == "fact" and condition["fact"] not in Fact.values:
            raise rules.BadConditions(condition["fact"])
        if kind == "course" and not Course.objects.filter(id=_uuid(condition["id"])).exists():
            raise rules.BadConditions(condition["id"])
        if (
            kind == "track"
            and not Track.objects.filter(id=_uuid(condition["id"]), program_id=program_id).exists()
        ):
            raise rules.BadConditions(condition["id"])


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise rules.BadConditions(text) from error


def _programs_of(partner_id: UUID) -> list[UUID]:
    return list(_enrollments_of(partner_id).values_list("program_id", flat=True))


def _rules_of(programs: list[UUID]) -> dict[tuple[UUID, str], list[dict[str, Any]]]:
    return {
        (row.program_id, row.feature): row.conditions
        for row in Unlock.objects.filter(program_id__in=programs)
    }


def _conditions(program_id: UUID, feature: str) -> dict[UUID, list[dict[str, Any]]]:
    row = Unlock.objects.filter(program_id=program_id, feature=feature).first()
    return {program_id: _with_agreement(row.conditions if row else [], feature)}


def _conditions_of(partner_id: UUID, feature: str) -> dict[UUID, list[dict[str, Any]]]:
    """Return what each program of the partner asks for a feature; one statement, since every page of it asks."""
    own = Unlock.objects.filter(program_id=OuterRef("program_id"), feature=feature)
    rows = _enrollments_of(partner_id).annotate(asked=Subquery(own.values("conditions")[:1]))
    return {
        program: _with_agreement(conditions or [], feature)
        for program, conditions in rows.values_list("program_id", "asked")
    }


def _enrollments_of(partner_id: UUID) -> QuerySet[Enrollment]:
    return Enrollment.objects.filter(
        partner_id=partner_id, state__in=WORKING, program__closed_at=None
    ).order_by("id")


def _with_agreement(conditions: list[dict[str, Any]], feature: str) -> list[dict[str, Any]]:
    if feature != rules.SUBMIT or {"kind": "agreement"} in conditions:
        return conditions
    return [{"kind": "agreement"}, *conditions]


def _missing_in(
    program_id: UUID,
    partner_id: UUID,
    conditions: list[dict[str, Any]],
    at: datetime,
) -> list[Missing]:
    found = [_lack(condition, program_id, partner_id, at) for condition in conditions]
    return [lack for lack in found if lack is not None]


def _lack(
    condition: dict[str, Any], program_id: UUID, partner_id: UUID, at: datetime
) -> Missing | None:
    kind = condition["kind"]
    if kind == "agreement" or condition.get("fact") == Fact.AGREEMENT:
        if not unsigned([partner_id], [program_id], at):
            return None
        return Missing(str(TO_DO[Fact.AGREEMENT]), fact_url(Fact.AGREEMENT))
    if kind == "fact":
        if holders_of(condition["fact"], [partner_id], program_id):
            return None
        return Missing(str(TO_DO[Fact(condition["fact"])]), fact_url(condition["fact"]))
    if kind == "course":
        return _course_lack(UUID(condition["id"]), partner_id)
    return _track_lack(UUID(condition["id"]), partner_id)


def _course_lack(course_id: UUID, partner_id: UUID) -> Missing | None:
    passed = Taking.objects.filter(
        course_id=course_id, partner_id=partner_id, passed_at__isnull=False
    )
    if passed.exists():
        return None
    course = Course.objects.get(id=course_id)
    words = gettext("Pass the course “%(course)s”") % {
        "course": said(course.title, get_language() or "en")
    }
    return Missing(
        words, page_url("partners:course", course_id=course_id) or page_url("partners:course-list")
    )


def _track_lack(track_id: UUID, partner_id: UUID) -> Missing | None:
    through = Run.objects.filter(
        track_id=track_id, partner_id=partner_id, finished_at__isnull=False
    )
    if through.exists():
        return None
    track = Track.objects.get(id=track_id)
    words = gettext("Finish the steps of “%(track)s”") % {
        "track": said(track.name, get_language() or "en")
    }
    return Missing(words, page_url("partners:onboarding"))
