"""The onboarding in a program's publish checklist."""

from datetime import datetime
from typing import Any

from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from partners.applications.blueprint import course_of
from partners.onboarding import rules
from partners.onboarding.building import MAX_STEPS, StepDraft, add_step, create_track
from partners.onboarding.models import RewardKind, Step, Track
from partners.onboarding.unlocks import conditions_of, set_unlock
from partners.programs.checklist import Finding, checks
from partners.programs.models import Program
from partners.programs.templates import (
    Reading,
    Writing,
    part,
    rows,
    table,
    texts,
    whole_or_none,
    words,
)
from partners.programs.texts import said
from partners.training.models import Course


@checks("track", order=60, title=gettext_lazy("Onboarding track"), page="partners:track-list")
def track_check(program: Program, _at: datetime) -> Finding:
    """New partners have a track to start on."""
    tracks = Track.objects.filter(
        program_id=program.id, published_at__isnull=False, archived_at=None
    ).order_by("position", "id")
    names = [said(track.name, get_language() or "en") for track in tracks]
    if not names:
        return Finding(_("Publish a track for new partners"))
    return Finding(note=", ".join(names))


MOST_TRACKS = 30
_TEXTS = ("title", "body", "milestone", "reward_text")


@part("tracks", order=60, title=gettext_lazy("Onboarding tracks"))
class TracksPart:
    """The tracks with their steps; who is on them stays where it is."""

    @staticmethod
    def read(reading: Reading) -> Any:
        """Return the tracks that are not archived, in their order."""
        tracks = Track.objects.filter(program_id=reading.program.id, archived_at=None)
        found = [_read(track, reading) for track in tracks.order_by("position", "id")]
        return found or None

    @staticmethod
    def write(data: Any, writing: Writing) -> str:
        """Make the tracks, unpublished."""
        given = rows(data, MOST_TRACKS)
        for row in given:
            track = create_track(
                program_id=writing.program.id,
                name=texts(row.get("name"), 200),
                partner_type=words(row.get("partner_type"), 12),
                finish_days=whole_or_none(row.get("finish_days"), 1, 3650),
                actor=writing.actor,
                at=writing.at,
            )
            writing.ids[words(row.get("key"), 40)] = track.id
            for step in rows(row.get("steps") or [], MAX_STEPS):
                _step(track, step, writing)
        return ngettext("%(count)s draft", "%(count)s drafts", len(given)) % {"count": len(given)}


def _read(track: Track, reading: Reading) -> dict[str, Any]:
    steps = Step.objects.filter(track_id=track.id, removed_at=None).order_by("position", "id")
    return {
        "key": reading.named("track", track.id),
        "name": track.name,
        "partner_type": track.partner_type,
        "finish_days": track.finish_days,
        "steps": [
            {
                "kind": step.kind,
                "fact": step.fact,
                "course": _course_name(step.course_id, reading),
                "due_days": step.due_days,
                "blocks_next": step.blocks_next,
                "may_skip": step.may_skip,
                "needs_approval": step.needs_approval,
                "reward_kind": step.reward_kind,
                "reward_minor": step.reward_minor,
                "reward_currency": step.reward_currency,
                **{name: getattr(step, name) for name in _TEXTS},
            }
            for step in steps
            if reading.copying or not step.course_id or _is_own(step.course_id, reading)
        ],
    }


def _is_own(course_id: object, reading: Reading) -> bool:
    """Tell whether a course belongs to the program, and so is in the file."""
    return f"course:{course_id}" in reading.names


def _course_name(course_id: object, reading: Reading) -> str:
    if course_id is None:
        return ""
    return reading.named("course", course_id) if _is_own(course_id, reading) else f"id:{course_id}"


def _step(track: Track, row: Any, writing: Writing) -> None:
    reward = words(row.get("reward_kind"), 10)
    draft = StepDraft(
        kind=words(row.get("kind"), 8),
        fact=words(row.get("fact"), 14),
        course_id=course_of(row.get("course"), writing),
        due_days=whole_or_none(row.get("due_days"), 0, 3650),
        blocks_next=bool(row.get("blocks_next")),
        may_skip=bool(row.get("may_skip")),
        needs_approval=bool(row.get("needs_approval")),
        reward_kind=RewardKind(reward).value if reward else "",
        reward_minor=whole_or_none(row.get("reward_minor"), 1, 10**14),
        reward_currency=words(row.get("reward_currency"), 3),
        **{name: texts(row.get(name)) for name in _TEXTS},
    )
    if draft.kind == "course" and draft.course_id is None:
        writing.leave_out(_("A step needs a course that is not in here; it was left out"))
        return
    add_step(track_id=track.id, draft=draft, actor=writing.actor, at=writing.at)


@part("unlocks", order=70, title=gettext_lazy("Unlock rules"))
class UnlocksPart:
    """What partners do before a feature opens."""

    @staticmethod
    def read(reading: Reading) -> Any:
        """Return the conditions of each feature that has any."""
        found: dict[str, list[str]] = {}
        for feature, keys in conditions_of(reading.program.id).items():
            named = [name for key in keys if (name := _condition_name(key, reading))]
            if named:
                found[feature] = sorted(named)
        return found or None

    @staticmethod
    def write(data: Any, writing: Writing) -> str:
        """Set the conditions; those on courses or tracks that were not made are left out."""
        given = table(data)
        for feature, names in given.items():
            keys = []
            for name in names:
                key = _condition_key(str(name), writing)
                if key is None:
                    writing.leave_out(_("A condition on a course or track that is not in here"))
                else:
                    keys.append(key)
            set_unlock(
                program_id=writing.program.id,
                feature=feature,
                keys=keys,
                actor=writing.actor,
                at=writing.at,
            )
        return ngettext("%(count)s feature", "%(count)s features", len(given)) % {
            "count": len(given)
        }


def _condition_name(key: str, reading: Reading) -> str:
    kind, _colon, value = key.partition(":")
    if kind not in {"course", "track"}:
        return key
    if key in reading.names:
        return f"{kind}:{reading.names[key]}"
    shared = kind == "course" and reading.copying and Course.objects.filter(id=value).exists()
    return f"course:id:{value}" if shared else ""


def _condition_key(name: str, writing: Writing) -> str | None:
    kind, _colon, value = name.partition(":")
    if kind not in {"course", "track"}:
        return rules.condition_key(rules.condition_of(name))
    row_id = course_of(value, writing) if kind == "course" else writing.id_of(value)
    return f"{kind}:{row_id}" if row_id else None
