"""An application from its first screen to its decision, as far as the applicant moves it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import translation

from partners.applications.admission import decide_by_rule
from partners.applications.links import fresh_link_hash
from partners.applications.mails import (
    mail_declined_by_answer,
    mail_known,
    mail_received,
    mail_saved,
)
from partners.applications.models import (
    Admission,
    AdmissionMode,
    Application,
    ApplicationChange,
    ApplicationState,
    Prospect,
)
from partners.applications.rules import (
    DRAFT_DAYS,
    checked_questions,
    reapply_day,
    refusal_of,
    score_parts,
    tidy_draft,
    tidy_source,
)
from partners.applications.selectors import standing_of
from partners.directory.models import PartnerType
from partners.directory.rules import folded_name
from partners.programs.models import Program
from partners.programs.texts import said
from prm.events.services import SYSTEM, Actor, emit
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope
from prm.tenancy.services import next_number
from prm.web.domains import canonical_domain

OPEN = (ApplicationState.SUBMITTED, ApplicationState.INFO_ASKED, ApplicationState.COURSE)
SETTINGS = frozenset(
    {
        "mode",
        "questions",
        "rules",
        "course_id",
        "reapply_days",
        "decide_days",
        "probation_days",
        "probation_referrals",
        "page_text",
    }
)


class NotTaken(ValueError):
    """The program takes no applications now, or none without an invitation."""


class DraftGone(LookupError):
    """The draft was sent, removed or lay untouched for too long."""


class MovedOn(ValueError):
    """The application is in another state than the page that was answered."""


@dataclass(frozen=True)
class Contact:
    """Who applies."""

    name: str
    email: str
    company: str
    website: str = ""
    country: str = ""
    type: str = PartnerType.REFERRAL


@dataclass(frozen=True)
class Origin:
    """Where the visitor came from first, as the address said it."""

    source: str = ""
    campaign: str = ""
    medium: str = ""


@dataclass(frozen=True)
class Answer:
    """One answer as it is kept: the question as it was asked, the value, and the value in words."""

    key: str
    label: str
    type: str
    value: Any
    shown: str


@dataclass(frozen=True)
class Sent:
    """What sending led to; the page may show `question` and `reapply_on` of a decline, and nothing else.

    application: None when it was answered by mail alone.
    """

    application: Application | None
    question: str = ""
    reapply_on: date | None = None


@transaction.atomic
def save_draft(
    *,
    program_id: UUID,
    contact: Contact,
    language: str,
    at: datetime,
    origin: Origin = Origin(),
    form_key: UUID | None = None,
    application_id: UUID | None = None,
    prospect_id: UUID | None = None,
) -> Application:
    """Begin an application, or change who applies in a draft.

    form_key: one form; its repeat changes the same draft. application_id: the draft that is changed.
    A draft expires 30 days after it was touched last. Raises NotTaken, DraftGone.
    """
    # Behind the lock the second click on one form finds the draft of the first.
    _open_admission(program_id, prospect_id, lock=form_key is not None)
    found = _draft(application_id, form_key, at)
    draft = found or Application(
        id=_new_id(), program_id=program_id, form_key=form_key, language=language
    )
    for field, value in asdict(contact).items():
        setattr(draft, field, value)
    draft.email = contact.email.strip().lower()
    draft.company_norm = folded_name(contact.company)
    draft.domain = canonical_domain(contact.website) or canonical_domain(draft.email)
    # Of a draft: when it was touched last; sending keeps it.
    draft.language, draft.created_at = language, at
    if found is None:
        for field, value in asdict(origin).items():
            setattr(draft, field, tidy_source(value))
        draft.link_hash = fresh_link_hash(draft.id)
        draft.prospect_id = prospect_id
        draft.save(force_insert=True)
    else:
        draft.save()
    return draft


@transaction.atomic
def save_answers(
    *, application_id: UUID, typed: Mapping[str, Any], at: datetime, mail: bool
) -> Application:
    """Keep what was typed so far, valid or not, and mail the way back when asked. Raises DraftGone."""
    draft = _draft(application_id, None, at)
    if draft is None:
        raise DraftGone(application_id)
    admission = Admission.objects.get(program_id=draft.program_id)
    draft.answers = [
        {"key": question["key"], "value": tidy_draft(typed[question["key"]])}
        for question in admission.questions
        if question["key"] in typed
    ]
    draft.created_at = at
    draft.save(update_fields=["answers", "created_at"])
    if mail:
        mail_saved(draft, at=at)
    return draft


@transaction.atomic
def submit_application(*, application_id: UUID, answers: Sequence[Answer], at: datetime) -> Sent:
    """Send a draft.

    answers: valid ones, in the form's order. An answer that knocks out declines at once. Somebody who applied before,
    whose company is a partner, or who may not apply again yet is answered by mail alone and the draft goes: what comes
    back is the same for all of them, so that the page tells a stranger nothing. Two at once: one is taken.
    Raises DraftGone (also for a repeat), NotTaken. Emits application.submitted, or application.declined.
    """
    draft = Application.objects.filter(id=application_id).first()
    if draft is None:
        raise DraftGone(application_id)
    # The lock on the program's admission lets one application of an address in at a time.
    admission = _open_admission(draft.program_id, draft.prospect_id, lock=True)
    draft = _draft(application_id, None, at)
    if draft is None:
        raise DraftGone(application_id)
    draft.answers = [asdict(answer) for answer in answers]
    refusal = refusal_of(admission.questions, {each.key: each.value for each in answers})
    again_on = reapply_day(_day(at), admission.reapply_days)
    standing = standing_of(draft, today=_day(at))
    if standing is not None:
        mail_known(
            draft,
            why=standing.why,
            at=at,
            url=standing.url,
            day=standing.day.isoformat() if standing.day else "",
        )
        draft.delete()
        return Sent(None, refusal.key, again_on) if refusal else Sent(None)
    _number_and_score(draft, admission, at)
    if refusal:
        _decline_by_answer(draft, refusal.words, again_on, at)
        return Sent(draft, refusal.key, again_on)
    waits_for_course = admission.mode == AdmissionMode.COURSE and admission.course_id
    draft.state = ApplicationState.COURSE if waits_for_course else ApplicationState.SUBMITTED
    draft.due_at = None if waits_for_course else at + timedelta(days=admission.decide_days)
    draft.save()
    _note(draft, ApplicationState.DRAFT, at, who="Applicant")
    _tell("application.submitted", draft, _applicant(draft), at)
    mail_received(draft)
    decide_by_rule(application_id=draft.id, at=at)
    draft.refresh_from_db()
    return Sent(draft)


@transaction.atomic
def answer_question(*, application_id: UUID, text: str, at: datetime) -> Application:
    """Answer what the vendor asked; the application goes back to the queue with the promise running anew.

    Raises MovedOn when nothing is asked. Emits application.answered.
    """
    application = Application.objects.select_for_update(no_key=True).get(id=application_id)
    if application.state != ApplicationState.INFO_ASKED:
        raise MovedOn(application.state)
    admission = Admission.objects.get(program_id=application.program_id)
    application.answered = text.strip()
    application.state = ApplicationState.SUBMITTED
    application.due_at = at + timedelta(days=admission.decide_days)
    application.save(update_fields=["answered", "state", "due_at"])
    _note(application, ApplicationState.INFO_ASKED, at, who="Applicant", text=application.answered)
    _tell("application.answered", application, _applicant(application), at)
    return application


@transaction.atomic
def withdraw(*, application_id: UUID, at: datetime) -> Application:
    """Take an undecided application back; a repeat writes nothing. A draft is removed.

    Raises MovedOn once it is decided. Emits application.withdrawn.
    """
    application = Application.objects.select_for_update(no_key=True).get(id=application_id)
    if application.state == ApplicationState.WITHDRAWN:
        return application
    if application.state == ApplicationState.DRAFT:
        application.delete()
        return application
    if application.state not in OPEN:
        raise MovedOn(application.state)
    before, application.state = application.state, ApplicationState.WITHDRAWN
    application.decided_at = at
    application.save(update_fields=["state", "decided_at"])
    _note(application, before, at, who="Applicant")
    _tell("application.withdrawn", application, _applicant(application), at)
    return application


@transaction.atomic
def forget_drafts(*, at: datetime) -> int:
    """Remove the drafts of the open tenant that nobody touched for 30 days; return how many."""
    old = Application.objects.filter(
        state=ApplicationState.DRAFT, created_at__lt=at - timedelta(days=DRAFT_DAYS)
    )
    drafts = list(old.select_for_update(skip_locked=True)[:1000])
    for draft in drafts:
        draft.delete()
    return len(drafts)


@transaction.atomic
def edit_admission(*, program_id: UUID, actor: Actor, at: datetime, **changes: Any) -> Admission:
    """Change how a program admits and what its form asks; the same values again write nothing.

    changes: mode, questions, rules, course_id, reapply_days, decide_days, probation_days, probation_referrals,
    page_text. Raises BadQuestions. Emits admission.edited.
    """
    if unknown := changes.keys() - SETTINGS:
        raise TypeError(f"an admission has no {', '.join(sorted(unknown))} to set")
    admission = _admission(program_id)
    if "questions" in changes:
        changes["questions"] = checked_questions(changes["questions"])
    values = {
        field: value for field, value in changes.items() if getattr(admission, field) != value
    }
    if not values:
        return admission
    before = {field: getattr(admission, field) for field in values}
    for field, value in values.items():
        setattr(admission, field, value)
    admission.save(update_fields=list(values))
    emit(
        "admission.edited",
        subject=f"program:{program_id}",
        actor=actor,
        payload={"program_id": str(program_id)},
        changes={
            field: [_plain(before[field]), _plain(value)]
            for field, value in values.items()
            if field not in {"questions", "page_text"}
        },
        at=at,
    )
    return admission


@transaction.atomic
def publish_page(*, program_id: UUID, actor: Actor, at: datetime) -> Admission:
    """Open the program's public page and form. A repeat writes nothing. Emits admission.published."""
    admission = _admission(program_id)
    if admission.published_at is None:
        _set_published(admission, at, "admission.published", actor, at)
    return admission


@transaction.atomic
def unpublish_page(*, program_id: UUID, actor: Actor, at: datetime) -> Admission:
    """Take the program's public page down. A repeat writes nothing. Emits admission.unpublished."""
    admission = _admission(program_id)
    if admission.published_at is not None:
        _set_published(admission, None, "admission.unpublished", actor, at)
    return admission


def _set_published(
    admission: Admission, moment: datetime | None, event: str, actor: Actor, at: datetime
) -> None:
    admission.published_at = moment
    admission.save(update_fields=["published_at"])
    emit(
        event,
        subject=f"program:{admission.program_id}",
        actor=actor,
        payload={"program_id": str(admission.program_id)},
        at=at,
    )


def _admission(program_id: UUID) -> Admission:
    program = Program.objects.get(id=program_id)
    row, _made = Admission.objects.select_for_update(no_key=True).get_or_create(program=program)
    return row


def _open_admission(program_id: UUID, prospect_id: UUID | None, *, lock: bool = False) -> Admission:
    rows = Admission.objects.select_for_update(no_key=True) if lock else Admission.objects.all()
    admission = rows.filter(program_id=program_id).first()
    if admission is None:
        raise NotTaken(program_id)
    program = Program.objects.get(id=program_id)
    invited = prospect_id is not None and Prospect.objects.filter(id=prospect_id).exists()
    closed = admission.mode == AdmissionMode.INVITATION and not invited
    if closed or admission.published_at is None or not program.is_open:
        raise NotTaken(program_id)
    return admission


def _draft(application_id: UUID | None, form_key: UUID | None, at: datetime) -> Application | None:
    """Return the live draft of an id, else of a form's key. Raises DraftGone when it was sent or is too old."""
    rows = Application.objects.select_for_update(no_key=True)
    if application_id is not None:
        found = rows.filter(id=application_id).first()
        if found is None:
            raise DraftGone(application_id)
    elif form_key is not None:
        found = rows.filter(form_key=form_key).first()
    else:
        found = None
    if found and (
        found.state != ApplicationState.DRAFT or found.created_at < at - timedelta(days=DRAFT_DAYS)
    ):
        raise DraftGone(found.id)
    return found


def _number_and_score(draft: Application, admission: Admission, at: datetime) -> None:
    year = _day(at).year
    draft.number = f"A-{year}-{next_number(f'application:{year}'):04d}"
    parts = score_parts(admission.questions, draft.answers)
    draft.score_parts = [asdict(part) for part in parts]
    draft.score = sum(part.points for part in parts)
    draft.submitted_at = at


def _decline_by_answer(
    draft: Application, words: Mapping[str, str], again_on: date, at: datetime
) -> None:
    with translation.override(draft.language):
        reason = said(words, draft.language)
    draft.state = ApplicationState.DECLINED
    draft.decided_at, draft.decided_rule = at, "answer"
    draft.reason, draft.reapply_on = reason, again_on
    draft.save()
    _note(draft, ApplicationState.DRAFT, at, who="Applicant", to=ApplicationState.SUBMITTED)
    _note(draft, ApplicationState.SUBMITTED, at, who="Rule", text=reason)
    _tell("application.submitted", draft, _applicant(draft), at)
    _tell("application.declined", draft, SYSTEM, at)
    mail_declined_by_answer(draft, words=reason)


def _note(
    application: Application, before: str, at: datetime, *, who: str, text: str = "", to: str = ""
) -> None:
    ApplicationChange.objects.create(
        application_id=application.id,
        from_state=before,
        to_state=to or application.state,
        at=at,
        who=who,
        text=text,
    )


def _tell(event: str, application: Application, actor: Actor, at: datetime) -> None:
    emit(
        event,
        subject=f"application:{application.id}",
        actor=actor,
        payload={
            "application_id": str(application.id),
            "program_id": str(application.program_id),
        },
        at=at,
    )


def _applicant(application: Application) -> Actor:
    return Actor(user_id=None, kind="applicant", name=application.name)


def _day(at: datetime) -> date:
    zone = Tenant.objects.only("time_zone").get(id=current_scope().tenant_id).time_zone
    return at.astimezone(ZoneInfo(zone)).date()


def _new_id() -> UUID:
    with connection.cursor() as cursor:
        cursor.execute("select uuidv7()")
        return UUID(str(cursor.fetchone()[0]))


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value
