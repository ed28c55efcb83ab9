"""Contact details that a partner did not bring itself, covered until the vendor shares them.

One rule for pages, lists, files and the API: `contact_of` for rows at hand, `covered` for files that PostgreSQL writes.
"""

from dataclasses import dataclass
from typing import Protocol

from django.db.models import Case, CharField, F, Value, When
from django.db.models.functions import Concat, Left, Right, StrIndex, Substr

COVER = "•••"


class HasContact(Protocol):
    """What carries a person's details: a referral, or a line of a list."""

    contact_hidden: bool
    contact_name: str
    contact_title: str
    contact_email: str
    contact_phone: str
    context: str


@dataclass(frozen=True)
class Contact:
    """The person of a referral as one reader may see them; what is hidden is covered or empty."""

    name: str
    title: str
    email: str
    phone: str
    context: str
    is_covered: bool = False


def contact_of(referral: HasContact, *, staff: bool) -> Contact:
    """Return the contact as the vendor's people (staff) or the partner's see it.

    Covered: the first letter of the name, the first letter and the host of the address, the last two digits.
    Title and context are left out whole, for they may name the person.
    """
    if staff or not referral.contact_hidden:
        return Contact(
            referral.contact_name,
            referral.contact_title,
            referral.contact_email,
            referral.contact_phone,
            referral.context,
        )
    return Contact(
        name=covered_name(referral.contact_name, hidden=True),
        title="",
        email=_covered_email(referral.contact_email),
        phone=COVER + referral.contact_phone[-2:] if referral.contact_phone else "",
        context="",
        is_covered=True,
    )


def covered_name(name: str, *, hidden: bool) -> str:
    """Return a person's name, only its first letter when it is hidden; "G•••"."""
    return name[:1] + COVER if hidden and name else name


def _covered_email(email: str) -> str:
    _, at, host = email.partition("@")
    return f"{email[:1]}{COVER}@{host}" if at else ""


def covered(column: str) -> Case:
    """Return a column of the contact as SQL, covered where the row is hidden; the same words as contact_of."""
    host = Substr("contact_email", StrIndex("contact_email", Value("@")))
    hidden = {
        "contact_name": Concat(Left("contact_name", 1), Value(COVER)),
        "contact_title": Value(""),
        "contact_email": Concat(Left("contact_email", 1), Value(COVER), host),
        "contact_phone": Concat(Value(COVER), Right("contact_phone", 2)),
        "context": Value(""),
    }[column]
    return Case(
        When(contact_hidden=True, then=Case(When(**{column: ""}, then=Value("")), default=hidden)),
        default=F(column),
        output_field=CharField(),
    )
