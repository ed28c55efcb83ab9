"""Mails leave here: taken by lease, sent outside any transaction, tried again with growing pauses."""

import traceback
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import formataddr, parseaddr
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.utils import timezone

from prm.notices.attachments import Attachment, source_of
from prm.notices.kinds import kind_named
from prm.notices.links import unsubscribe_url
from prm.notices.models import AccountMail, Mail, MailState
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope

LEASE = timedelta(minutes=2)
BATCH = 20
# Pauses of 1, 3, 9, 27, 81 minutes and so on: a mail server may be away for a good two hours without a mail lost.
MAX_ATTEMPTS = 8
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Box:
    """Where mails wait: a tenant's, or the one of signing in that belongs to no tenant."""

    table: str
    model: type[Mail] | type[AccountMail]
    tenant: Tenant | None

    def open(self) -> AbstractContextManager[Any]:
        """Open a transaction that sees the box."""
        return tenant_scope(self.tenant.id) if self.tenant else transaction.atomic()


def send_due(tenant_id: int | None, *, limit: int = 10_000) -> int:
    """Send the due mails of a tenant (None: of signing in), oldest first; return how many left.

    A mail is taken with SKIP LOCKED and a lease, so parallel workers never share one and a killed worker's mails are
    taken over when the lease ends. A crash between the server's yes and the note of it sends a mail twice, under the
    same Message-ID. Outside any scope.
    """
    box = _box(tenant_id)
    sent = 0
    while sent < limit:
        mails = _take(box)
        if not mails:
            return sent
        with _server() as server:
            sent += sum(_send(box, mail, server) for mail in mails)
    return sent


def tenants_with_due_mail() -> list[int]:
    """Return the ids of tenants with mails to send; reads through a guarded function."""
    with connection.cursor() as cursor:
        cursor.execute("select tenant_id from prm_tenants_with_due_mail()")
        return [row[0] for row in cursor.fetchall()]


def _box(tenant_id: int | None) -> Box:
    if tenant_id is None:
        return Box("prm_account_mail", AccountMail, None)
    return Box("prm_mail", Mail, Tenant.objects.get(id=tenant_id))


def _take(box: Box) -> list[Any]:
    """Lease the next due mails; the lease's end is also their next due moment, so that a lost one comes back."""
    until = timezone.now() + LEASE
    with box.open():
        due: list[Any] = list(
            box.model.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(
                state__in=[MailState.QUEUED, MailState.SENDING], next_attempt_at__lte=timezone.now()
            )
            .order_by("next_attempt_at", "id")[:BATCH],
        )
        for mail in due:
            mail.state, mail.attempts, mail.leased_until, mail.next_attempt_at = (
                MailState.SENDING,
                mail.attempts + 1,
                until,
                until,
            )
        box.model.objects.bulk_update(due, ["state", "attempts", "leased_until", "next_attempt_at"])
    return due


class _server:  # noqa: N801  reads as a phrase: with _server() as server
    """One connection to the mail server for a batch; one that cannot be opened fails each mail by itself."""

    def __enter__(self) -> BaseEmailBackend:
        self.connection = get_connection(fail_silently=False)
        return self.connection

    def __exit__(self, *_: object) -> None:
        try:
            self.connection.close()
        except Exception:  # noqa: BLE001  the mails have left
            log.warning("mail server hung up badly")


def _send(box: Box, mail: Any, server: BaseEmailBackend) -> bool:
    if timezone.now() >= mail.leased_until:
        return False
    try:
        leaving = message(mail, box.tenant, server)
        if (found := _attachment(box, mail)) is not None:
            leaving.attach(found.name, found.content, found.media_type)
        leaving.send()
    except Exception as problem:  # noqa: BLE001  whatever the server says is kept with the mail
        log.warning(
            "mail not sent", mail_id=mail.id, attempts=mail.attempts, error=type(problem).__name__
        )
        _fail(box, mail, problem)
        return False
    _mark_sent(box, mail)
    return True


def message(
    mail: Any, tenant: Tenant | None, server: BaseEmailBackend | None = None
) -> EmailMultiAlternatives:
    """Return the mail as it leaves: the tenant's name as sender, answers to the tenant, a stable Message-ID."""
    headers = {
        "Message-ID": mail.message_id,
        "Auto-Submitted": "auto-generated",
        "Content-Language": mail.language,
    }
    kind = getattr(mail, "kind", "")
    if (
        tenant
        and kind
        and mail.user_id
        and not kind_named(kind).mandatory
        and "/updates/stop/" in mail.text
    ):
        headers["List-Unsubscribe"] = (
            f"<{unsubscribe_url(tenant, user_id=mail.user_id, kind=kind)}>"
        )
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    own_name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    sent = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=formataddr((mail.sender or own_name, address)),
        to=[mail.to],
        reply_to=[mail.reply_to] if mail.reply_to else None,
        headers=headers,
        connection=server,
    )
    if mail.html:
        sent.attach_alternative(mail.html, "text/html")
    return sent


def _attachment(box: Box, mail: Any) -> Attachment | None:
    """Return the file that goes with the mail; one that cannot be had fails the mail, which is tried again."""
    source = source_of(getattr(mail, "kind", ""))
    if source is None:
        return None
    with box.open():
        return source(mail)


def _mark_sent(box: Box, mail: Any) -> None:
    changes: dict[str, Any] = {
        "state": MailState.SENT,
        "sent_at": timezone.now(),
        "leased_until": None,
        "error": "",
    }
    if box.tenant is None:
        # Codes and links of signing in are not kept.
        changes |= {"text": "", "html": ""}
    with box.open():
        _mine(box, mail).update(**changes)


def _fail(box: Box, mail: Any, problem: Exception) -> None:
    error = "".join(traceback.format_exception_only(problem)).strip()[:1000]
    given_up = mail.attempts >= MAX_ATTEMPTS
    with box.open():
        _mine(box, mail).update(
            state=MailState.FAILED if given_up else MailState.QUEUED,
            error=error,
            leased_until=None,
            next_attempt_at=timezone.now() + pause_after(mail.attempts),
        )


def _mine(box: Box, mail: Any) -> Any:
    return box.model.objects.filter(id=mail.id, state=MailState.SENDING, attempts=mail.attempts)


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: a minute, then three times as long each time."""
    return timedelta(minutes=int(3 ** (attempts - 1)))
