"""Tell people: rows written now, mails sent by the worker after the commit."""

from email.utils import make_msgid

from django.db import transaction

from prm.notices.models import AccountMail


def queue_account_mail(*, to: str, subject: str, text: str, html: str = "") -> AccountMail:
    """Queue a mail about signing in; the worker sends it after the commit, a sweep catches what the bell missed."""
    mail = AccountMail.objects.create(
        to=to,
        subject=" ".join(subject.split())[:200],
        text=text,
        html=html,
        message_id=make_msgid(domain="portal"),
    )
    transaction.on_commit(lambda: _ring(mail.id), robust=True)
    return mail


def _ring(mail_id: int) -> None:
    from prm.notices.tasks import send_account_mail  # noqa: PLC0415  tasks import services

    send_account_mail.delay(mail=mail_id)
