"""Import a spreadsheet of referrals from the command line, with the checks and the report of the pages."""

import json
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from partners.programs.models import Program
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from prm.web.spreadsheets import FileRefused
from referrals.imports.checking import check_rows
from referrals.imports.committing import commit_rows
from referrals.imports.models import Import, ImportProblem, ImportState
from referrals.imports.presets import mapping_of_toml
from referrals.imports.reports import money_words
from referrals.imports.rules import BadMapping, Mapping
from referrals.imports.services import keep_plain, set_mapping, start_import
from referrals.imports.work import DirectWork

EXAMPLES = 5


class Command(BaseCommand):
    """Check a file, and write its good rows when every bad one has been decided about."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the file, how it is read, and where it goes."""
        parser.add_argument("--tenant", required=True, help="the tenant's slug")
        parser.add_argument("--program", required=True, help="the program's slug")
        parser.add_argument("--file", required=True, type=Path, help="CSV or XLSX")
        parser.add_argument(
            "--mapping", required=True, type=Path, help="TOML: columns, formats, stages, choices"
        )
        parser.add_argument(
            "--people",
            type=Path,
            help="the file that says who works for which partner, when the mapping names none beside --file",
        )
        parser.add_argument("--dry-run", action="store_true", help="check and report only")
        parser.add_argument(
            "--skip-errors",
            action="store_true",
            help="write the good rows although others have errors",
        )
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *_args: str, **options: Any) -> None:
        """Check, print, and write; exit with 1 when rows have errors that nothing decides."""
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"there is no tenant {options['tenant']}")
        at = timezone.now()
        try:
            mapping = mapping_of_toml(options["mapping"].read_text("utf-8"))
            source = self._start(tenant, mapping, options, at)
        except FileRefused as refused:
            raise CommandError(refused.words) from refused
        except (BadMapping, OSError) as error:
            raise CommandError(f"{options['mapping']}: {error}") from error
        work = DirectWork(tenant.id)
        report = check_rows(work, source.id, at)
        left = report["errors"] and not options["skip_errors"]
        if not options["dry_run"] and not left and report["ready"]:
            report = commit_rows(work, source.id, SYSTEM, at)
        self._print(tenant, source, report, options, written=not options["dry_run"] and not left)
        if options["dry_run"]:
            self._forget(tenant, source)
        if left:
            raise CommandError(
                f"{report['errors']} rows have errors that the mapping does not decide; nothing was written.",
                returncode=1,
            )

    def _start(self, tenant: Tenant, mapping: Mapping, options: dict[str, Any], at: Any) -> Import:
        with tenant_scope(tenant.id):
            program = Program.objects.filter(slug=options["program"]).first()
            if program is None:
                raise CommandError(f"{tenant.slug} has no program {options['program']}")
            if mapping.people is not None:
                beside = options["people"] or options["file"].parent / mapping.people.file
                if not beside.is_file():
                    raise CommandError(
                        f"the file of people is not at {beside}; name it by --people"
                    )
                mapping = replace(
                    mapping, people=replace(mapping.people, file=keep_plain(beside)[0])
                )
            source = start_import(
                program_id=program.id,
                upload=options["file"],
                file_name=options["file"].name,
                actor=SYSTEM,
                at=at,
                wait=True,
            )
            set_mapping(import_id=source.id, mapping=mapping, actor=SYSTEM, at=at)
            return source

    def _print(
        self,
        tenant: Tenant,
        source: Import,
        report: dict[str, Any],
        options: dict[str, Any],
        *,
        written: bool,
    ) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(report, indent=2, ensure_ascii=False))
            return
        verb = "imported" if written else "would be imported"
        self.stdout.write(
            f"{report['rows']} rows read; {report['ready']} {verb}, "
            f"{report['skipped']} left out by choice, {report['errors']} with errors"
        )
        for kind, count in report["stages"].items():
            self.stdout.write(f"  {kind:12} {count:>8}")
        self.stdout.write(
            f"revenue of the won: {money_words(report)} in {report['sales']} sales to {report['customers']} customers"
        )
        self.stdout.write(
            f"{report['partner_count']} partners ({report['partner_new']} new), {report['people']} people by name"
        )
        if report["history"]:
            self.stdout.write(
                f"{report['history']} open referrals are history: not in the queue, no deadline "
                '(choices.waiting = "queue" puts them there)'
            )
        for partner in report["partners"]:
            amount = money_words({**report, "deal_minor": partner["deal_minor"]})
            self.stdout.write(
                f"  {partner['name']:40} {partner['rows']:>8} rows {partner['won']:>8} won {amount:>20}"
            )
        for problem in report["problems"]:
            self.stdout.write(
                f"{problem['severity']}: {problem['code']} in {problem['column']}: {problem['count']} rows"
                f"{self._examples(tenant, source, problem)}"
            )
        if report["people"]:
            self.stdout.write(
                "People are kept by name on their referrals; "
                "they get no login, because the file has no email addresses for them."
            )

    def _examples(self, tenant: Tenant, source: Import, problem: dict[str, Any]) -> str:
        with tenant_scope(tenant.id):
            found = ImportProblem.objects.filter(
                source_id=source.id,
                code=problem["code"],
                column=problem["column"],
                severity=problem["severity"],
            )
            lines = [
                f"{line}" + (f" ({value})" if value else "")
                for line, value in found.order_by("line").values_list("line", "value")[:EXAMPLES]
            ]
        return f", first in lines {', '.join(lines)}"

    def _forget(self, tenant: Tenant, source: Import) -> None:
        """Leave nothing of a dry run behind but its events."""
        with tenant_scope(tenant.id), transaction.atomic():
            ImportProblem.objects.filter(source_id=source.id).delete()
            Import.objects.filter(id=source.id, state=ImportState.CHECKED).delete()
