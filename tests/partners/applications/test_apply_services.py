"""An application goes from draft to its end as its applicant moves it; each step happens once."""

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest

from partners.applications.links import BadLink, draft_ticket, drafted, link_hash, link_token
from partners.applications.models import Application, ApplicationChange, ApplicationState
from partners.applications.rules import BadQuestions, checked_questions, most_points, number_of
from partners.applications.selectors import application_of, live_draft
from partners.applications.services import (
    DraftGone,
    MovedOn,
    NotTaken,
    answer_question,
    edit_admission,
    forget_drafts,
    save_answers,
    save_draft,
    submit_application,
    unpublish_page,
    withdraw,
)
from partners.programs.models import Program
from prm.events.models import Event
from prm.events.services import SYSTEM
from prm.notices.models import Mail
from prm.tenancy.models import Tenant
from tests.builders.applying import CLIENTS, QUESTIONS, WORK, a_contact, an_open_program, answers
from tests.builders.partners import a_partner


@pytest.fixture
def program(acme: Tenant) -> Program:
    return an_open_program()


def a_draft(
    program: Program, at: datetime, email: str = "olga@oak.example", **facts: str
) -> Application:
    return save_draft(
        program_id=program.id, contact=a_contact(email, **facts), language="en", at=at
    )


def told(name: str) -> int:
    return Event.objects.filter(name=name).count()


def test_sending_numbers_scores_and_mails_the_own_link(program: Program, at: datetime) -> None:
    draft = a_draft(program, at)

    sent = submit_application(application_id=draft.id, answers=answers(), at=at)

    application = Application.objects.get(id=draft.id)
    assert sent.application == application
    assert (application.number, application.state) == ("A-2026-0001", ApplicationState.SUBMITTED)
    assert application.score == 30
    assert [part["points"] for part in application.score_parts] == [10, 20]
    assert application.due_at == at + timedelta(days=5)
    assert application.domain == "oak.example"
    mail = Mail.objects.get(kind="application.received")
    assert mail.to == "olga@oak.example"
    assert f"/application/{link_token(application)}/" in mail.text
    assert told("application.submitted") == 1
    assert list(ApplicationChange.objects.values_list("from_state", "to_state")) == [
        ("draft", "submitted")
    ]


def test_a_second_sending_writes_and_tells_nothing(program: Program, at: datetime) -> None:
    draft = a_draft(program, at)
    submit_application(application_id=draft.id, answers=answers(), at=at)

    with pytest.raises(DraftGone):
        submit_application(application_id=draft.id, answers=answers(), at=at)

    assert told("application.submitted") == 1
    assert Mail.objects.count() == 1


def test_the_same_form_changes_the_same_draft(program: Program, at: datetime) -> None:
    key = uuid4()
    first = save_draft(
        program_id=program.id, contact=a_contact(), language="en", form_key=key, at=at
    )

    again = save_draft(
        program_id=program.id,
        contact=a_contact("olga@elm.example"),
        language="en",
        form_key=key,
        at=at,
    )

    assert again.id == first.id
    assert Application.objects.get().email == "olga@elm.example"


def test_an_answer_that_knocks_out_declines_with_words_and_day(
    program: Program, at: datetime
) -> None:
    draft = a_draft(program, at)

    sent = submit_application(application_id=draft.id, answers=answers("2"), at=at)

    application = Application.objects.get()
    assert application.state == ApplicationState.DECLINED
    assert application.reason == "Come back with three clients."
    assert (sent.question, sent.reapply_on) == ("clients", date(2027, 5, 17))
    assert application.reapply_on == date(2027, 5, 17)
    assert told("application.declined") == 1
    assert "17\xa0May 2027" in Mail.objects.get(kind="application.knocked_out").text


@pytest.mark.parametrize(
    ("clients", "state"),
    [("3", "submitted"), ("2.9", "declined"), ("2,9", "declined"), ("1 000", "submitted")],
)
def test_the_least_number_is_still_enough(
    program: Program, at: datetime, clients: str, state: str
) -> None:
    draft = a_draft(program, at)

    submit_application(application_id=draft.id, answers=answers(clients), at=at)

    assert Application.objects.get().state == state


def test_applying_again_too_early_is_answered_by_mail_alone(program: Program, at: datetime) -> None:
    submit_application(application_id=a_draft(program, at).id, answers=answers("2"), at=at)
    later = at + timedelta(days=179)

    sent = submit_application(
        application_id=a_draft(program, later).id, answers=answers(), at=later
    )

    assert sent.application is None
    assert Application.objects.count() == 1
    assert "17\xa0May 2027" in Mail.objects.get(kind="application.known").text
    on_the_day = at + timedelta(days=180)
    taken = submit_application(
        application_id=a_draft(program, on_the_day).id, answers=answers(), at=on_the_day
    )
    assert taken.application is not None


@pytest.mark.parametrize(
    ("email", "words"),
    [
        pytest.param("olga@oak.example", "You have applied already", id="same address"),
        pytest.param("otto@oak.example", "Somebody with an address of your company", id="domain"),
    ],
)
def test_a_second_application_is_answered_by_mail_alone(
    program: Program, at: datetime, email: str, words: str
) -> None:
    submit_application(application_id=a_draft(program, at).id, answers=answers(), at=at)

    sent = submit_application(
        application_id=a_draft(program, at, email).id, answers=answers(), at=at
    )

    assert (sent.application, sent.question) == (None, "")
    assert Application.objects.count() == 1
    assert words in Mail.objects.get(kind="application.known").text
    assert told("application.submitted") == 1


def test_somebody_of_a_partner_company_is_sent_to_the_partner_admin(
    program: Program, at: datetime
) -> None:
    a_partner("Oak", website="https://oak.example")

    sent = submit_application(application_id=a_draft(program, at).id, answers=answers(), at=at)

    assert sent.application is None
    assert "is a partner already" in Mail.objects.get().text


def test_a_web_address_alone_makes_nobody_a_colleague(program: Program, at: datetime) -> None:
    a_partner("Oak", website="https://oak.example")
    draft = a_draft(program, at, "olga@gmail.com", website="https://oak.example")

    sent = submit_application(application_id=draft.id, answers=answers(), at=at)

    assert sent.application is not None


def test_a_duplicate_that_knocks_out_reads_like_any_other(program: Program, at: datetime) -> None:
    submit_application(application_id=a_draft(program, at).id, answers=answers(), at=at)

    sent = submit_application(application_id=a_draft(program, at).id, answers=answers("2"), at=at)

    assert (sent.application, sent.question) == (None, "clients")
    assert Application.objects.get().state == ApplicationState.SUBMITTED


def test_a_draft_keeps_what_was_typed_valid_or_not_and_mails_the_way_back_once(
    program: Program, at: datetime
) -> None:
    draft = a_draft(program, at)

    for _again in range(2):
        save_answers(
            application_id=draft.id, typed={"clients": "x\x00y", "evil": "1"}, at=at, mail=True
        )

    draft.refresh_from_db()
    assert draft.answers == [{"key": "clients", "value": "xy"}]
    assert link_token(draft) in Mail.objects.get(kind="application.saved").text


def test_a_draft_expires_after_thirty_days(program: Program, at: datetime) -> None:
    draft = a_draft(program, at)
    last, after = at + timedelta(days=30), at + timedelta(days=30, seconds=1)

    assert live_draft(draft.id, last) == draft
    assert live_draft(draft.id, after) is None
    with pytest.raises(DraftGone):
        submit_application(application_id=draft.id, answers=answers(), at=after)
    assert forget_drafts(at=last) == 0
    assert forget_drafts(at=after) == 1
    assert not Application.objects.exists()


def test_the_link_opens_its_application_only(program: Program, at: datetime) -> None:
    draft = a_draft(program, at)
    token = link_token(draft)

    assert application_of(token) == draft
    assert draft.link_hash == link_hash(token)
    assert application_of(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    assert drafted(draft_ticket(draft.id)) == draft.id
    with pytest.raises(BadLink):
        drafted(draft_ticket(draft.id) + "x")


def test_a_question_is_answered_once(program: Program, at: datetime) -> None:
    draft = a_draft(program, at)
    submit_application(application_id=draft.id, answers=answers(), at=at)
    Application.objects.update(state=ApplicationState.INFO_ASKED, asked="Which clients?")

    answer_question(application_id=draft.id, text=" Bakers ", at=at)

    application = Application.objects.get()
    assert (application.state, application.answered) == (ApplicationState.SUBMITTED, "Bakers")
    with pytest.raises(MovedOn):
        answer_question(application_id=draft.id, text="Again", at=at)
    assert told("application.answered") == 1


def test_withdrawing_ends_it_once_and_a_decided_one_stays(program: Program, at: datetime) -> None:
    draft = a_draft(program, at)
    submit_application(application_id=draft.id, answers=answers(), at=at)

    for _again in range(2):
        withdraw(application_id=draft.id, at=at)

    assert Application.objects.get().state == ApplicationState.WITHDRAWN
    assert told("application.withdrawn") == 1
    Application.objects.update(state=ApplicationState.APPROVED)
    with pytest.raises(MovedOn):
        withdraw(application_id=draft.id, at=at)


def test_an_unpublished_or_invited_program_takes_nobody(program: Program, at: datetime) -> None:
    edit_admission(program_id=program.id, mode="invitation", actor=SYSTEM, at=at)
    with pytest.raises(NotTaken):
        a_draft(program, at)
    edit_admission(program_id=program.id, mode="manual", actor=SYSTEM, at=at)
    unpublish_page(program_id=program.id, actor=SYSTEM, at=at)
    with pytest.raises(NotTaken):
        a_draft(program, at)

    assert not Application.objects.exists()


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({**WORK, "choices": WORK["choices"][:1]}, id="one answer"),  # type: ignore[index]
        pytest.param({**CLIENTS, "label": {"en": " "}}, id="no words"),
        pytest.param({**CLIENTS, "key": "Bad key"}, id="no key"),
        pytest.param({**CLIENTS, "type": "file"}, id="unknown type"),
        pytest.param({**CLIENTS, "points": 101}, id="too many points"),
        pytest.param({"key": "x", "type": "yes_no", "label": {"en": "?"}, "choices": []}, id="yes"),
    ],
)
def test_questions_that_cannot_be_asked_are_refused(broken: dict[str, object]) -> None:
    with pytest.raises(BadQuestions):
        checked_questions([broken])


def test_points_add_up(acme: Tenant) -> None:
    assert most_points(checked_questions(QUESTIONS)) == 30
    assert number_of("12a") is None
    assert number_of("9" * 30) is None
