"""A partner's file of referrals: looked at without a trace, then sent row by row, each whole or not at all."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext
from django_countries import countries

from partners.onboarding.unlocks import FeatureLocked
from partners.programs.models import Program
from prm.events.services import Actor, emit
from prm.jobs.files import private_path, remove_private, save_private
from prm.jobs.models import Job
from prm.jobs.services import start_job
from prm.tenancy.keys import KeyReused
from prm.web.exports import csv_lines
from prm.web.spreadsheets import headings_of, make_plain, rows_of
from referrals.capture.models import BulkSubmission
from referrals.intake.forms import CUSTOM, ReferralForm
from referrals.intake.refusals import refusal_words
from referrals.intake.services import NotEnrolled, ProbationFull, ReferralDraft, submit_referral
from referrals.pipeline.hooks import MoveRefused
from referrals.pipeline.models import OPEN_KINDS, Referral, Relationship, Role, Source
from referrals.pipeline.rules import company_domain, normalised_company, normalised_email

MAX_ROWS = 500
COLUMNS = (
    "company",
    "contact_name",
    "contact_email",
    "website",
    "country",
    "contact_title",
    "contact_phone",
    "relationship",
    "role",
    "product",
    "estimate",
    "tax_id",
    "context",
    "consent",
)
REQUIRED = COLUMNS[:3]
EXAMPLE = (
    "Kestrel Logistics",
    "Tom Ashdown",
    "tom@kestrel.example",
    "kestrel.example",
    "GB",
    "Head of operations",
    "+44 20 7946 0958",
    "client",
    "intro",
    "",
    "1200.00",
    "GB123456789",
    "Wants to change before June",
    "yes",
)
_YES = frozenset({"yes", "y", "true", "1", "x", "si", "sì", "ja", "oui"})


class BulkFileUnfit(ValueError):
    """The file lacks what every row needs, or has too many; the text says what."""


@dataclass(frozen=True)
class Outcome:
    """What becomes, or became, of one row. result: accepted, there_already, error; number once it is a referral."""

    line: int
    cells: tuple[str, ...]
    result: str
    reason: str = ""
    number: str = ""


def columns_of(program: Program) -> list[str]:
    """Return the headings a file for the program may have: the form's, then the keys of its own questions."""
    return [*COLUMNS, *(question["key"] for question in program.custom_fields)]


def template_lines(program: Program) -> Iterator[str]:
    """Yield a file with the headings and one example to start from."""
    return csv_lines(
        columns_of(program), [[*EXAMPLE, *("" for _question in program.custom_fields)]]
    )


@transaction.atomic
def keep_bulk_file(
    *, upload: Path, file_name: str, program: Program, partner_id: UUID, actor: Actor, at: datetime
) -> BulkSubmission:
    """Keep a file to be looked at; nothing is sent yet. Raises FileRefused, BulkFileUnfit."""
    if actor.user_id is None:
        raise ValueError("a file is brought by a person")
    plain = upload.with_name(upload.name + ".rows.csv")
    try:
        row_count = make_plain(upload, plain).row_count
        places = _places(plain)
        if missing := [name for name in REQUIRED if name not in places]:
            raise BulkFileUnfit(
                gettext("The file has no column %(names)s. Start from the template.")
                % {"names": ", ".join(missing)}
            )
        if row_count > MAX_ROWS:
            raise BulkFileUnfit(gettext("The file has more than 500 rows. Split it into parts."))
        stored = save_private(plain, file_name="bulk.rows.csv")
    finally:
        plain.unlink(missing_ok=True)
    return BulkSubmission.objects.create(
        partner_id=partner_id,
        program=program,
        file_name=file_name[:160],
        stored=stored,
        row_count=row_count,
        created_by_id=actor.user_id,
        created_at=at,
    )


def looked_at(submission: BulkSubmission, *, vendor: str) -> list[Outcome]:
    """Return what would become of each row, without writing; a program's limits show only when it is sent."""
    program = submission.program
    found = [
        (line, cells, _form(program, cells, vendor)) for line, cells in _rows(submission, program)
    ]
    keys = {line: _key(submission, form) for line, _cells, form in found if form.is_valid()}
    known = dict(
        Referral.objects.filter(submission_key__in=keys.values()).values_list(
            "submission_key", "number"
        )
    )
    warned = _warned(submission, {line: form for line, _cells, form in found if form.is_valid()})
    return [
        _looked(line, _shown(program, cells), form, known.get(keys.get(line), ""), warned)
        for line, cells, form in found
    ]


def _looked(
    line: int,
    cells: tuple[str, ...],
    form: ReferralForm,
    number: str,
    warned: Mapping[int, str],
) -> Outcome:
    if not form.is_valid():
        return Outcome(line, cells, "error", problems_of(form))
    if number:
        return Outcome(line, cells, "there_already", number=number)
    return Outcome(line, cells, "accepted", warned.get(line, ""))


def _warned(submission: BulkSubmission, forms: Mapping[int, ReferralForm]) -> dict[int, str]:
    """Return words on rows whose company is in the file before, or among the partner's own open referrals.

    A warning stops nothing; of other partners' referrals nothing is said. One query for all rows.
    """
    marks = {line: _marks(form.draft) for line, form in forms.items()}
    wanted = {mark for found in marks.values() for mark in found}
    own = Referral.objects.filter(
        Q(domain__in=wanted) | Q(email_norm__in=wanted),
        partner_id=submission.partner_id,
        stage_kind__in=OPEN_KINDS,
    ).values_list("domain", "email_norm")
    open_marks = {mark for pair in own for mark in pair if mark}
    first: dict[str, int] = {}
    words = {}
    for line, found in sorted(marks.items()):
        earlier = min((first[mark] for mark in found if mark in first), default=None)
        if earlier is not None:
            words[line] = gettext("Same company as line %(line)s") % {"line": earlier}
        elif found & open_marks:
            words[line] = gettext("Your company has an open referral of it already")
        for mark in found:
            first.setdefault(mark, line)
    return words


def _marks(draft: ReferralDraft) -> set[str]:
    """Return what tells a company in a file: its domain, the contact's address."""
    found = {company_domain(draft.website, draft.contact_email)}
    return {mark for mark in {*found, normalised_email(draft.contact_email)} if mark}


@transaction.atomic
def send_bulk_file(*, submission_id: UUID, actor: Actor, at: datetime) -> Job:
    """Have a file's rows sent; the job's page follows it. A repeat returns the first job."""
    submission = BulkSubmission.objects.select_for_update(no_key=True).get(id=submission_id)
    if submission.job_id:
        return Job.objects.get(id=submission.job_id)
    job = start_job(
        kind="referral.bulk",
        params={"submission": str(submission.id), "at": at.isoformat()},
        actor=actor,
        at=at,
        back_path="referrals/",
        partner_id=submission.partner_id,
    )
    submission.job_id = job.id
    submission.save(update_fields=["job_id"])
    return job


def sent_rows(
    submission: BulkSubmission, *, actor: Actor, at: datetime, vendor: str, after: int = 0
) -> Iterator[Outcome]:
    """Submit the rows behind a line one by one and yield what became of them; inside the partner's scope.

    at: of the job; a row that an earlier, killed run of it has sent counts as accepted by it.
    """
    program = submission.program
    for line, cells in _rows(submission, program, after=after):
        form, shown = _form(program, cells, vendor), _shown(program, cells)
        if not form.is_valid():
            yield Outcome(line, shown, "error", problems_of(form))
            continue
        try:
            referral = _submitted(submission, form, actor, at)
        except (FeatureLocked, ProbationFull, MoveRefused) as closed:
            yield Outcome(line, shown, "error", refusal_words(closed))
        except NotEnrolled:
            words = gettext("This program takes no referrals from you right now.")
            yield Outcome(line, shown, "error", words)
        except KeyReused:
            words = gettext("This row was sent before for another company.")
            yield Outcome(line, shown, "error", words)
        else:
            result = "accepted" if referral.registered_at == at else "there_already"
            yield Outcome(line, shown, result, number=referral.number)


def _submitted(
    submission: BulkSubmission, form: ReferralForm, actor: Actor, at: datetime
) -> Referral:
    draft: ReferralDraft = replace(form.draft, source=Source.BULK)
    with transaction.atomic():
        return submit_referral(
            draft=draft,
            partner_id=submission.partner_id,
            submitted_by_id=actor.user_id,
            actor=actor,
            at=at,
            key=_key(submission, form),
        )


@transaction.atomic
def finish_bulk_file(
    *, submission_id: UUID, counts: Mapping[str, int], actor: Actor, at: datetime
) -> None:
    """Keep how many rows became what, and let the file go. A repeat does nothing. Emits referral.bulk_sent."""
    submission = BulkSubmission.objects.select_for_update(no_key=True).get(id=submission_id)
    if submission.finished_at:
        return
    stored, submission.stored = submission.stored, ""
    submission.counts, submission.finished_at = dict(counts), at
    submission.save(update_fields=["stored", "counts", "finished_at"])
    emit(
        "referral.bulk_sent",
        subject=f"bulk:{submission.id}",
        actor=actor,
        partner_id=submission.partner_id,
        payload={"bulk_id": str(submission.id), **counts},
        at=at,
        queue=False,
    )
    transaction.on_commit(lambda: remove_private(stored))


def write_outcomes(path: Path, program: Program, found: list[Outcome]) -> Counter[str]:
    """Write the rows back with what became of each, and why not; return the counts by result."""
    words = result_words()
    header = ["line", *columns_of(program), "result", "number", "reason"]
    rows = ([one.line, *one.cells, words[one.result], one.number, one.reason] for one in found)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(csv_lines(header, rows))
    return Counter(one.result for one in found)


def result_words(*, ahead: bool = False) -> dict[str, str]:
    """Return the results in words; ahead: before anything is sent."""
    return {
        "accepted": gettext("Will be sent") if ahead else gettext("Sent"),
        "there_already": gettext("Sent before"),
        "error": gettext("Mistake") if ahead else gettext("Not sent"),
    }


def problems_of(form: ReferralForm) -> str:
    """Return what is wrong with a row, each problem with its column."""
    return "; ".join(
        f"{name.removeprefix(CUSTOM)}: {str(text).rstrip('.')}"
        for name, texts in form.errors.items()
        for text in texts
    )


def _places(plain: Path) -> dict[str, int]:
    """Return where each column stands, by its heading in small letters with underscores."""
    return {
        heading.strip().lower().replace(" ", "_"): place
        for place, heading in enumerate(headings_of(plain))
    }


def _rows(
    submission: BulkSubmission, program: Program, *, after: int = 0
) -> Iterator[tuple[int, dict[str, str]]]:
    plain = private_path(submission.stored)
    places = {name: at for name, at in _places(plain).items() if name in columns_of(program)}
    for line, row in rows_of(plain, after=after):
        yield line, {name: row[place].strip() for name, place in places.items()}


def _shown(program: Program, cells: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(cells.get(name, "") for name in columns_of(program))


def _form(program: Program, cells: Mapping[str, str], vendor: str) -> ReferralForm:
    """Return the page's own form filled with a row, so that a file is read exactly as typing is."""
    data: dict[str, Any] = {name: cells.get(name, "") for name in COLUMNS}
    data["country"] = _country(data["country"])
    data["relationship"] = _choice(data["relationship"], Relationship)
    data["role"] = _choice(data["role"], Role)
    data["consent"] = _ticked(data["consent"])
    for question in program.custom_fields:
        value = cells.get(question["key"], "")
        data[CUSTOM + question["key"]] = _ticked(value) if question["type"] == "yes_no" else value
    return ReferralForm(data, program=program, vendor=vendor)


def _country(text: str) -> str:
    """Return the code of a country given by code, or by name in English or the active language."""
    if len(text) == 2:
        return text.upper()
    return str(countries.by_name(text) or countries.by_name(text, language="en") or text)


def _choice(text: str, choices: Any) -> str:
    """Return the value of a choice given by value or by its words."""
    folded = text.casefold()
    named = {str(one.label).casefold(): str(one.value) for one in choices}
    return named.get(folded, folded)


def _ticked(text: str) -> str:
    return "on" if text.casefold() in _YES else ""


def _key(submission: BulkSubmission, form: ReferralForm) -> UUID:
    """Return the same key for the same person of the same company, in whichever file and line they stand."""
    read = form.cleaned_data
    parts = (
        str(submission.partner_id),
        str(submission.program_id),
        normalised_company(read["company"]),
        normalised_email(read["contact_email"]),
    )
    return uuid5(NAMESPACE_URL, "referral-bulk:" + "\n".join(parts))
