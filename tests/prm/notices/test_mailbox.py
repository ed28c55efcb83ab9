"""The mailbox shows what an installation without a mail server would have sent, and only there."""

from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client

from prm.notices.mailbox import opened_mail, stored_mails


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, settings: Any) -> None:
    settings.EMAIL_BACKEND = "prm.notices.mailbox.FileBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    settings.MAILBOX = True


def send(
    subject: str = "Łódź moved", message_id: str = "<1@x>", text: str = "Hello\n\n418203\n"
) -> None:
    mail = EmailMultiAlternatives(
        subject, text, "Acme <p@x.example>", ["rep@x.example"], headers={"Message-ID": message_id}
    )
    mail.attach_alternative("<p>Hello</p><script>alert(1)</script>", "text/html")
    mail.send()


def test_a_mail_is_one_file_however_often_it_is_sent() -> None:
    send()
    send()

    assert [mail.subject for mail in stored_mails()] == ["Łódź moved"]


def test_newest_first_with_the_code_to_copy() -> None:
    send("First", "<1@x>")
    send("Second", "<2@x>", "No code in 12345678 here")

    assert [(mail.subject, mail.code) for mail in stored_mails()] == [
        ("Second", ""),
        ("First", "418203"),
    ]


def test_keeps_text_html_and_headers() -> None:
    send()

    mail = opened_mail(stored_mails()[0].name)
    assert mail is not None
    assert mail.text.strip() == "Hello\n\n418203"
    assert mail.html.startswith("<p>Hello</p>")
    assert ("To", "rep@x.example") in mail.headers


@pytest.mark.django_db
def test_the_html_is_a_page_of_its_own_in_which_nothing_runs() -> None:
    send()

    response = Client().get(f"/mail/{stored_mails()[0].name}/html/")

    assert response.headers["Content-Security-Policy"].startswith(
        "default-src 'none'; style-src 'unsafe-inline'"
    )
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert "script-src" not in response.headers["Content-Security-Policy"]


@pytest.mark.django_db
def test_list_and_mail_are_shown() -> None:
    send()
    client = Client()

    assert "Łódź moved" in client.get("/mail/").text
    page = client.get(f"/mail/{stored_mails()[0].name}/").text
    assert 'value="418203"' in page
    assert "<script>alert" not in page


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["", "{name}/", "{name}/html/"])
def test_installations_that_send_real_mail_have_no_mailbox(settings: Any, path: str) -> None:
    send()
    settings.MAILBOX = False

    assert Client().get("/mail/" + path.format(name=stored_mails()[0].name)).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["x", "..", "0" * 32, "a" * 31])
def test_other_names_lead_nowhere(name: str) -> None:
    assert opened_mail(name) is None
