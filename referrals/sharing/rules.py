"""Addresses, codes, parameters and windows of what partners share: pure rules."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

from text_unidecode import unidecode

SLUG_LENGTH = 60
SLUG_LEAST = 3
CODE_LENGTH = 40
# Words that would read as a page of the portal, or as the vendor speaking.
RESERVED = frozenset(
    "about accounts admin api app apply billing blog contact demo directory email help home imprint join legal login"  # noqa: SIM905  one line reads better
    " logout mail manage new official p page partner partners pay payment portal pricing privacy r referral referrals"
    " secure security signin signup sitemap start static status support system team terms test thanks www".split()
)
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
UTM_LENGTH = 80
CHANNEL_LENGTH = 60
CAMPAIGN_LENGTH = 80
# Questions that a program may add to company, name and email.
LEAD_FIELDS = ("phone", "website", "country", "message")
# How many clicks a browser remembers: the newest of each link.
CLICKS_KEPT = 8
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


def normalised_slug(text: str) -> str:
    """Return a text as an address: lower case letters, digits and single hyphens, at most 60 signs."""
    return _NOT_SLUG.sub("-", unidecode(text).lower()).strip("-")[:SLUG_LENGTH].strip("-")


def slug_is_free_of_rules(slug: str) -> bool:
    """Tell whether an address may be taken at all: long enough, and no word of the portal's own."""
    return len(slug) >= SLUG_LEAST and slug not in RESERVED and slug == normalised_slug(slug)


def slug_candidates(slug: str, hints: Iterable[str]) -> list[str]:
    """Return addresses near the one that is taken, best first: with a hint behind it, then with a number."""
    stem = slug[: SLUG_LENGTH - 12].strip("-") or "link"
    named = [normalised_slug(f"{stem}-{hint}") for hint in hints if normalised_slug(hint)]
    numbered = [f"{stem}-{number}" for number in range(2, 12)]
    return [row for row in dict.fromkeys([*named, *numbered]) if slug_is_free_of_rules(row)]


def free_candidates(candidates: Sequence[str], taken: Collection[str], count: int) -> list[str]:
    """Return the first `count` candidates that nobody has taken."""
    return [row for row in candidates if row not in taken][:count]


def normalised_code(text: str) -> str:
    """Return a code as it is compared: capitals and digits only, so that blanks, hyphens and case do not matter."""
    return re.sub(r"[^A-Z0-9]", "", unidecode(text).upper())[:CODE_LENGTH]


def tidy_label(text: str | None, length: int) -> str:
    """Return a channel or campaign from an address: no controls, single blanks, at most `length` signs."""
    return " ".join(_CONTROLS.sub(" ", text or "").split())[:length]


def utm_of(params: Mapping[str, str]) -> dict[str, str]:
    """Return the UTM parameters of an address that say something, cut to 80 signs each."""
    found = {name: tidy_label(params.get(name), UTM_LENGTH) for name in UTM}
    return {name: value for name, value in found.items() if value}


def may_lead_to(url: str) -> bool:
    """Tell whether a program may let links lead there: a plain https or http address with a host and no login in it."""
    if not url or _CONTROLS.search(url) or "\\" in url or " " in url:
        return False
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  a broken port says so when it is read
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and "." in (parts.hostname or "")
        and not parts.username
        and not parts.password
    )


def with_query(url: str, added: Mapping[str, str]) -> str:
    """Return the address with parameters added; what it says already stays."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return urlunsplit(parts._replace(query=urlencode({**added, **query})))


@dataclass(frozen=True)
class Remembered:
    """A click that a browser carries: the link, its program, and when (aware UTC, whole seconds)."""

    link_id: UUID
    program_id: UUID
    at: datetime


def remember(clicks: Sequence[Remembered], new: Remembered) -> list[Remembered]:
    """Return the clicks with a new one at the end; of each link only the newest, eight in all."""
    kept = [click for click in clicks if click.link_id != new.link_id]
    return [*kept, new][-CLICKS_KEPT:]


def counting_clicks(
    clicks: Sequence[Remembered], *, program_id: UUID, days: int, at: datetime
) -> list[Remembered]:
    """Return the program's clicks of the last `days` days, oldest first; one exactly that old still counts."""
    since = at - timedelta(days=days)
    return sorted(
        (click for click in clicks if click.program_id == program_id and since <= click.at <= at),
        key=lambda click: click.at,
    )


@dataclass(frozen=True)
class PageTexts:
    """What a page says. headline, introduction: by language; introduction is markdown."""

    headline: dict[str, str] = field(default_factory=dict)
    introduction: dict[str, str] = field(default_factory=dict)
    person_name: str = ""
    person_title: str = ""


def texts_of(data: Mapping[str, Any]) -> PageTexts:
    """Return the texts that a page's `draft` or `live` keeps."""
    known = {name: data[name] for name in PageTexts.__dataclass_fields__ if name in data}
    return PageTexts(**known)
