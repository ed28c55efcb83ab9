"""The section "Recruit and onboard" of a program's page: where each part is built, and how it stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from partners.programs.checklist import Item, page_of
from partners.programs.models import Program


@dataclass(frozen=True)
class Line:
    """One way from the program's page; tone "warn" when something is missing there."""

    title: Any
    text: Any
    url: str
    icon: str
    tone: str = ""


def recruiting_lines(program: Program, items: Iterable[Item]) -> list[Line]:
    """Return the parts that bring partners in, in the order a partner meets them; unbuilt pages are left out."""
    found = {item.key: item for item in items}
    rows: list[tuple[str, str, str, Any, str, str]] = [
        (
            "admission",
            "form",
            _("Admission and application form"),
            "",
            "partners:admission-edit",
            "inbox",
        ),
        ("agreement", "", _("Agreement"), "", "partners:agreement-versions", "file"),
        ("track", "", _("Onboarding tracks"), "", "partners:track-list", "flag"),
        (
            "",
            "",
            _("Unlock rules"),
            _("What partners do before a feature opens"),
            "partners:unlock-list",
            "shield",
        ),
        (
            "",
            "",
            _("Courses"),
            _("Lessons, quizzes and certificates"),
            "partners:course-manage-list",
            "cap",
        ),
    ]
    lines = []
    for key, other, title, text, page, icon in rows:
        if not (url := page_of(page, program)):
            continue
        stands = [found[each] for each in (key, other) if each in found]
        problem = next((item.problem for item in stands if item.problem), "")
        notes = " · ".join(str(item.note) for item in stands if item.note)
        lines.append(Line(title, problem or notes or text, url, icon, "warn" if problem else ""))
    return lines
