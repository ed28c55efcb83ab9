"""When two records are one company, how many accounts a partner may hold, when a claim is warned; pure."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

# Names this alike may be one company; the database's index is asked with the same number.
LIKE_ENOUGH = 0.5
WARNING_DAYS = (14, 3)
# Decided referrals from which on a partner's quality says something, and the share won below which it is weak.
ENOUGH_DECIDED = 10
WEAK_SHARE = 0.05


# ---------------------------------------------------------------- one company or two


class Strength(IntEnum):
    """How sure a match is."""

    POSSIBLE = 1
    LIKELY = 2
    STRONG = 3
    CERTAIN = 4


@dataclass(frozen=True)
class Facts:
    """What a record says of its company, each as referrals.pipeline.rules and prm.web.domains make it comparable.

    domain: registrable, punycode, empty for free mail. country: two letters or empty.
    """

    name: str
    domain: str = ""
    email: str = ""
    tax_id: str = ""
    country: str = ""


@dataclass(frozen=True)
class Match:
    """Why two records may be one company: "tax_id", "domain", "email" or "name", and how sure that is."""

    kind: str
    strength: Strength


def match(a: Facts, b: Facts) -> Match | None:
    """Return the strongest reason to take two records for one company, None when there is none.

    Names count only while nothing speaks against them: two tax numbers of one country that differ do, and so do
    two countries unless the names are equal.
    """
    abroad = bool(a.country and b.country and a.country != b.country)
    if not abroad and set(tax_spellings(a.tax_id, a.country)) & set(
        tax_spellings(b.tax_id, b.country)
    ):
        return Match("tax_id", Strength.CERTAIN)
    if a.domain and a.domain == b.domain:
        return Match("domain", Strength.STRONG)
    if a.email and a.email == b.email:
        return Match("email", Strength.STRONG)
    if not a.name or not b.name or (a.tax_id and b.tax_id and not abroad):
        return None
    if a.name == b.name:
        return Match("name", Strength.POSSIBLE if abroad else Strength.LIKELY)
    if abroad or likeness(a.name, b.name) < LIKE_ENOUGH:
        return None
    return Match("name", Strength.POSSIBLE)


def tax_spellings(tax_id: str, country: str) -> tuple[str, ...]:
    """Return a comparable tax number with and without its country; none for an empty one."""
    if not tax_id:
        return ()
    bare, home = _tax_parts(tax_id, country)
    return (bare, home + bare) if home else (bare,)


def _tax_parts(tax_id: str, country: str) -> tuple[str, str]:
    """Return the number without its country, and the country, which the number itself may name."""
    named = tax_id[:2] if tax_id[:2].isalpha() and tax_id[2:].isdigit() else ""
    if named and country in {"", named}:
        return tax_id[2:], named
    return (tax_id.removeprefix(country) or tax_id, country) if country else (tax_id, "")


def likeness(a: str, b: str) -> float:
    """Return how alike two names are, 0 to 1: the share of their three-letter pieces in common, as pg_trgm counts."""
    ours, theirs = _pieces(a), _pieces(b)
    return len(ours & theirs) / len(ours | theirs) if ours and theirs else 0.0


def _pieces(text: str) -> frozenset[str]:
    padded = (f"  {word} " for word in unicodedata.normalize("NFC", text).lower().split())
    return frozenset(word[at : at + 3] for word in padded for at in range(len(word) - 2))


def account_keys(facts: Facts) -> list[str]:
    """Return everything by which an account is one and the same, the best known first; never empty.

    Two open claims may share none of them. A person's mailbox names a company only where no domain does, and a name
    only where nothing else is known.
    """
    keys = []
    if facts.domain:
        keys.append(f"domain:{facts.domain}")
    if facts.tax_id:
        bare, home = _tax_parts(facts.tax_id, facts.country)
        keys.append(f"tax:{bare}|{home}")
    if facts.email and not facts.domain:
        keys.append(f"email:{facts.email}")
    return keys or [f"name:{facts.name}|{facts.country}"]


def account_key(facts: Facts) -> str:
    """Return what an account is known by first: "domain:…", "tax:…", "email:…" or "name:…|IT"."""
    return account_keys(facts)[0]


# ---------------------------------------------------------------- a program's rules


@dataclass(frozen=True)
class Settings:
    """A program's rules of claims; counts of open claims, calendar days, hours."""

    base_places: int = 25
    floor_places: int = 10
    most_places: int = 100
    places_per_win: int = 1
    heartbeat_days: int = 60
    heartbeat_warning_days: int = 7
    extension_days: int = 60
    most_extensions: int = 2
    checks_per_day: int = 30
    hold_hours: int = 72


DEFAULTS = Settings()


def places(settings: Settings, *, won: int, decided: int) -> int:
    """Return how many claims a partner may have open at once.

    won, decided: the partner's referrals of the program that ended in the last 365 days, and those won among them.
    Each win adds places up to the most. A partner that wins almost nothing of what it holds gets half of the start,
    never fewer than the floor, which is also what a small partner starts with when the start is set below it.
    """
    if decided >= ENOUGH_DECIDED and won < decided * WEAK_SHARE:
        return max(settings.floor_places, settings.base_places // 2)
    grown = settings.base_places + settings.places_per_win * won
    return max(settings.floor_places, min(settings.most_places, grown))


# ---------------------------------------------------------------- the end of a claim


def warning_due(*, protected_until: datetime, warned_days: int | None, at: datetime) -> int | None:
    """Return the warning to give now, 14 or 3 days before the end; None for none.

    warned_days: the last one given. A claim that is found late gets only the nearest one. Nothing once it has ended.
    """
    left = protected_until - at
    if left <= timedelta(0):
        return None
    due = [days for days in WARNING_DAYS if left <= timedelta(days=days)]
    nearest = min(due, default=None)
    return (
        nearest if nearest is not None and (warned_days is None or nearest < warned_days) else None
    )


def idle_release(settings: Settings, active_at: datetime, *, warned_at: datetime) -> datetime:
    """Return the moment at which a claim without a sign of work since `active_at` is released.

    Never sooner than the program's warning days after the warning, however late that was given.
    """
    return max(
        active_at + timedelta(days=settings.heartbeat_days),
        warned_at + timedelta(days=settings.heartbeat_warning_days),
    )


def extended_until(protected_until: datetime, *, days: int) -> datetime:
    """Return the end after an extension: its days count from the end that was, so asking early loses none."""
    return protected_until + timedelta(days=days)
