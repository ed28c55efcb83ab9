"""Which kinds of notices exist: declared by the slices, shown on the page of preferences.

    @kind("referral.milestone", label=_("A referral moves on"), audience=PARTNER)
    def milestone(facts: dict[str, Any]) -> str:
        return gettext("%(company)s is now in %(stage)s") % facts

A slice declares its kinds in `<slice>/kinds.py`, loaded by prm.slices. Mail templates are found by the name:
"referral.milestone" is `emails/referral/milestone.{subject.txt,txt,html}`; a missing part is `emails/notice.*`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

Title = Callable[[dict[str, Any]], str]
PARTNER, STAFF, EVERYBODY = "partner", "staff", "everybody"


@dataclass(frozen=True)
class Kind:
    """One kind of notice; mandatory ones are always mailed and cannot be turned off."""

    name: str
    label: str | Promise
    title: Title
    default_email: bool
    mandatory: bool
    audience: str

    @property
    def template(self) -> str:
        """The mail templates' path without its ending."""
        return "emails/" + self.name.replace(".", "/")

    def meant_for(self, *, staff: bool) -> bool:
        """Tell whether such a person can get it."""
        return self.audience in {EVERYBODY, STAFF if staff else PARTNER}


_kinds: dict[str, Kind] = {}


def kind(
    name: str,
    *,
    label: str | Promise,
    default_email: bool = True,
    mandatory: bool = False,
    audience: str = EVERYBODY,
) -> Callable[[Title], Title]:
    """Declare a kind under a permanent name; the function makes the title in the active language from the facts."""

    def register(title: Title) -> Title:
        if name in _kinds:
            raise ValueError(f"the kind {name} is declared twice")
        _kinds[name] = Kind(name, label, title, default_email, mandatory, audience)
        return title

    return register


def kind_named(name: str) -> Kind:
    """Return the kind; one that is declared no longer reads as its name, so that old notices stay readable."""
    return _kinds.get(name) or Kind(
        name, name, lambda facts: str(facts.get("title", name)), False, False, EVERYBODY
    )


def kinds_for(*, staff: bool) -> list[Kind]:
    """Return what such a person can get, by label."""
    return sorted(
        (row for row in _kinds.values() if row.meant_for(staff=staff)),
        key=lambda row: str(row.label),
    )
