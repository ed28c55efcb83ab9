"""Reads about programs."""

from dataclasses import dataclass

from django.db import connection

from partners.programs.models import Program

# Enrolments belong to the slice above; the count is all these pages need of them. The same partners as its at_work().
_AT_WORK = """
select e.program_id, count(*) from partners_enrollment e
  join partners_partner p on p.tenant_id = e.tenant_id and p.id = e.partner_id and p.state = 'active'
 where e.state in ('active', 'approved') group by e.program_id
"""


@dataclass(frozen=True)
class ProgramRow:
    """One line of the list of programs."""

    program: Program
    partner_count: int


def open_programs() -> list[Program]:
    """Return the programs that take referrals, by name."""
    return list(Program.objects.filter(closed_at=None).order_by("name", "id"))


def program_rows() -> list[ProgramRow]:
    """Return every program with how many partners work in it, open ones first, by name."""
    with connection.cursor() as cursor:
        cursor.execute(_AT_WORK)
        counts = dict(cursor.fetchall())
    programs = sorted(
        Program.objects.all(),
        key=lambda program: (program.closed_at is not None, program.name.casefold()),
    )
    return [ProgramRow(program, counts.get(program.id, 0)) for program in programs]
