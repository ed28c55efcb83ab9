"""Everything the code tells has words in the audit trail."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from partners.directory.services import EDITABLE as OF_PARTNERS
from partners.programs.services import EDITABLE as OF_PROGRAMS
from prm.audit.words import AREAS, FIELDS, SENTENCES
from prm.vendor.services import EDITABLE as OF_TENANTS

EVENT = re.compile(r"[a-z_]+\.[a-z_]+")
TELLS = re.compile(r"_?(emit|tell)\w*")


def told_names() -> Iterator[tuple[str, str]]:
    """Yield each event's name and where it is told: strings handed to emit(), or to what hands them on to it."""
    for package in ("prm", "partners", "referrals", "commissions"):
        for file in sorted((Path(settings.BASE_DIR) / package).rglob("*.py")):
            tree = ast.parse(file.read_text())
            for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
                name = getattr(call.func, "id", "")
                if not TELLS.fullmatch(name) or not call.args:
                    continue
                for node in ast.walk(call.args[0]):
                    if isinstance(node, ast.Constant) and EVENT.fullmatch(str(node.value)):
                        yield str(node.value), f"{file.name}:{call.lineno}"


def test_every_event_that_is_told_has_words() -> None:
    told = list(told_names())

    assert len({name for name, _ in told}) > 50
    assert [f"{name} ({place})" for name, place in told if name not in SENTENCES] == []


def test_every_event_belongs_to_an_area_that_can_be_chosen() -> None:
    areas = tuple(area for area, _ in AREAS)

    assert [name for name in SENTENCES if not name.startswith(areas)] == []


def test_every_column_that_a_form_changes_has_words() -> None:
    assert sorted({*OF_PARTNERS, *OF_PROGRAMS, *OF_TENANTS} - set(FIELDS)) == []
