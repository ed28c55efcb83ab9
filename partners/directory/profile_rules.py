"""What a partner can say about itself: fixed words, so that filters meet, and what a whole profile has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

SERVICES: dict[str, Any] = {
    "accounting": _("Accounting and tax"),
    "payroll": _("Payroll"),
    "consulting": _("Consulting"),
    "implementation": _("Implementation"),
    "integration": _("Integration and development"),
    "training": _("Training"),
    "support": _("Support"),
    "marketing": _("Marketing"),
    "sales": _("Sales"),
    "design": _("Design"),
    "legal": _("Legal advice"),
    "installation": _("Installation on site"),
}
INDUSTRIES: dict[str, Any] = {
    "construction": _("Construction"),
    "education": _("Education"),
    "energy": _("Energy"),
    "finance": _("Finance and insurance"),
    "food": _("Food and farming"),
    "health": _("Health and care"),
    "hospitality": _("Hotels and restaurants"),
    "manufacturing": _("Manufacturing"),
    "professional": _("Professional services"),
    "public": _("Public sector"),
    "retail": _("Retail and e-commerce"),
    "software": _("Software and technology"),
    "transport": _("Transport and logistics"),
}
# ISO 639 codes; babel says their names.
LANGUAGES = tuple(
    "ar bg cs da de el en es et fi fr ga hr hu it ja lt lv mt nl no pl pt ro ru sk sl sq sr sv tr uk zh".split()  # noqa: SIM905  one line reads better
)
ABOUT_LENGTH = 2000
PLAN_LENGTH = 10_000
MAX_REGIONS = 60


@dataclass(frozen=True)
class ProfileFacts:
    """What a partner says about itself; texts per language, keys of SERVICES and INDUSTRIES, ISO codes."""

    about: Mapping[str, str] = field(default_factory=dict)
    services: Sequence[str] = ()
    industries: Sequence[str] = ()
    regions: Sequence[str] = ()
    languages: Sequence[str] = ()
    contact_email: str = ""
    contact_phone: str = ""


# Field, and what is asked for while it is empty; a logo and a phone are welcome but not needed.
NEEDED: tuple[tuple[str, Any], ...] = (
    ("about", _("Say what your company does")),
    ("services", _("Choose the services you offer")),
    ("industries", _("Choose the industries you know")),
    ("regions", _("Choose the countries you work in")),
    ("languages", _("Choose the languages you speak")),
    ("contact_email", _("Give an address at which customers reach you")),
)


def gaps_of(facts: Any) -> list[Any]:
    """Return what a profile lacks, in words, in the form's order; facts: anything with the profile's fields."""
    found = []
    for name, words in NEEDED:
        value = getattr(facts, name)
        there = any(value.values()) if isinstance(value, Mapping) else bool(value)
        if not there:
            found.append(words)
    return found


def fresh_slug(name: str, taken: set[str]) -> str:
    """Return an address made of a name that is not taken: "Brightwater" is "brightwater", then "brightwater-2"."""
    stem = slugify(name)[:70] or "partner"
    slug, number = stem, 2
    while slug in taken:
        slug, number = f"{stem}-{number}", number + 1
    return slug
