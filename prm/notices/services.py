"""Tell people: rows written now, mails sent by the worker after the commit."""

from datetime import datetime
from email.utils import make_msgid
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import translation

from prm.accounts.models import Membership, User
from prm.events.seals import newest_seal
from prm.notices.kinds import Kind, kind_named
from prm.notices.links import unsubscribe_url
from prm.notices.mails import message_id_of, sender_of, written
from prm.notices.models import AccountMail, Mail, MailState, Notice, NoticePreference
from prm.tenancy.links import tenant_url
from prm.tenancy.models import Tenant
from prm.tenancy.scope import current_scope


def notify(
    *,
    kind: str,
    key: str,
    user_id: int,
    facts: dict[str, Any],
    path: str,
    at: datetime,
    partner_id: UUID | None = None,
) -> Notice | None:
    """Tell one person something, in the portal and by mail as they prefer, in their own language.

    kind: declared with prm.notices.kinds.kind. key: what happened, e.g. "stage_change:418"; the same key tells the same
    person once. facts: what title and templates need: names, amounts in minor units, ISO days. path: page inside the
    tenant, without its slug. partner_id: the partner it is about; the person must be live staff or live there.
    Returns None when nothing was put in the portal: no live membership, or turned off there.
    """
    tenant = Tenant.objects.get(id=current_scope().tenant_id)
    user = User.objects.get(id=user_id)
    if not _belongs(user, tenant, partner_id):
        return None
    declared = kind_named(kind)
    by_email, in_portal = _wanted(declared, user_id)
    notice = (
        _notice(key=key, user=user, kind=kind, facts=facts, path=path, partner_id=partner_id, at=at)
        if in_portal
        else None
    )
    if by_email:
        _notice_mail(
            declared,
            tenant=tenant,
            user=user,
            key=key,
            facts=facts,
            path=path,
            partner_id=partner_id,
        )
    return notice


def queue_mail(
    *,
    key: str,
    kind: str,
    to: str,
    template: str,
    context: dict[str, Any],
    language: str,
    user_id: int | None = None,
    partner_id: UUID | None = None,
    time_zone: str = "",
) -> Mail:
    """Queue a mail of the open tenant to an address that may have no login yet, such as an invitation.

    template: path without its ending, "emails/accounts/invitation". A repeat of the key returns the first.
    """
    if first := Mail.objects.filter(key=key).first():
        return first
    tenant = Tenant.objects.get(id=current_scope().tenant_id)
    if partner_id is not None:
        # What a partner holds in its own mailbox proves later that nothing before it was rewritten.
        context = {**context, "seal": newest_seal()}
    words = written(template, context, tenant=tenant, language=language, time_zone=time_zone)
    try:
        with transaction.atomic():
            mail = Mail.objects.create(
                key=key,
                kind=kind,
                user_id=user_id,
                partner_id=partner_id,
                to=to,
                sender=sender_of(tenant),
                reply_to=tenant.reply_to,
                subject=words.subject,
                text=words.text,
                html=words.html,
                language=words.language,
                message_id=message_id_of(tenant_id=tenant.id, key=key),
            )
    except IntegrityError:
        return Mail.objects.get(key=key)
    _ring_mail(tenant.id)
    return mail


def queue_account_mail(
    *, to: str, subject: str, text: str, html: str = "", language: str = ""
) -> AccountMail:
    """Queue a mail about signing in; the worker sends it after the commit, a sweep catches what the bell missed."""
    mail = AccountMail.objects.create(
        to=to,
        subject=" ".join(subject.split())[:200],
        text=text,
        html=html,
        language=language or translation.get_language() or "en",
        message_id=make_msgid(domain="portal"),
    )
    transaction.on_commit(lambda: _ring(mail.id), robust=True)
    return mail


def mark_read(*, user_id: int, at: datetime, notice_id: int | None = None) -> int:
    """Mark one notice of the person read, or all of them; return how many changed."""
    unread = Notice.objects.filter(user_id=user_id, read_at=None)
    if notice_id is not None:
        unread = unread.filter(id=notice_id)
    return unread.update(read_at=at)


def set_preferences(*, user_id: int, choices: dict[str, tuple[bool, bool]]) -> None:
    """Keep what the person wants: kind -> (by email, in the portal). Mandatory kinds are left as they are."""
    rows = [
        NoticePreference(
            tenant_id=current_scope().tenant_id,
            user_id=user_id,
            kind=name,
            by_email=by_email,
            in_portal=in_portal,
        )
        for name, (by_email, in_portal) in choices.items()
        if not kind_named(name).mandatory
    ]
    NoticePreference.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["tenant", "user", "kind"],
        update_fields=["by_email", "in_portal"],
    )


def stop_mails(*, user_id: int, kind: str) -> None:
    """Send the person no more mails of a kind; what they see in the portal stays as it is. A repeat changes nothing."""
    chosen = NoticePreference.objects.filter(user_id=user_id, kind=kind).first()
    set_preferences(user_id=user_id, choices={kind: (False, chosen.in_portal if chosen else True)})


def retry_mail(*, mail_id: int, at: datetime) -> bool:
    """Queue a mail again that was given up; tell whether there was one."""
    changed = Mail.objects.filter(id=mail_id, state=MailState.FAILED).update(
        state=MailState.QUEUED,
        attempts=0,
        next_attempt_at=at,
        leased_until=None,
        error="",
    )
    _ring_mail(current_scope().tenant_id)
    return bool(changed)


def _belongs(user: User, tenant: Tenant, partner_id: UUID | None) -> bool:
    live = Membership.objects.filter(user=user, tenant=tenant, ended_at__isnull=True)
    places = set(live.values_list("partner_id", flat=True))
    return (
        user.is_active
        and bool(places)
        and (partner_id is None or None in places or partner_id in places)
    )


def _wanted(declared: Kind, user_id: int) -> tuple[bool, bool]:
    """Return (by email, in the portal)."""
    if declared.mandatory:
        return True, True
    chosen = NoticePreference.objects.filter(user_id=user_id, kind=declared.name).first()
    return (chosen.by_email, chosen.in_portal) if chosen else (declared.default_email, True)


def _notice(
    *,
    key: str,
    user: User,
    kind: str,
    facts: dict[str, Any],
    path: str,
    partner_id: UUID | None,
    at: datetime,
) -> Notice:
    notice, _ = Notice.objects.get_or_create(
        key=key,
        user=user,
        defaults={
            "kind": kind,
            "facts": facts,
            "path": path,
            "partner_id": partner_id,
            "created_at": at,
        },
    )
    return notice


def _notice_mail(
    declared: Kind,
    *,
    tenant: Tenant,
    user: User,
    key: str,
    facts: dict[str, Any],
    path: str,
    partner_id: UUID | None,
) -> None:
    language = user.language or tenant.language
    with translation.override(language):
        title = declared.title(facts)
    queue_mail(
        key=f"{key}:{user.id}",
        kind=declared.name,
        to=user.email,
        user_id=user.id,
        partner_id=partner_id,
        language=language,
        time_zone=user.time_zone,
        template=declared.template,
        context={
            "facts": facts,
            "title": title,
            "person": user,
            "url": tenant_url(tenant, "start").removesuffix("start/") + path.lstrip("/"),
            "kind": declared,
            "preferences_url": tenant_url(tenant, "notice-preferences"),
            "unsubscribe_url": ""
            if declared.mandatory
            else unsubscribe_url(tenant, user_id=user.id, kind=declared.name),
        },
    )


def _ring_mail(tenant_id: int) -> None:
    from prm.notices.tasks import send_mail  # noqa: PLC0415  tasks import services

    transaction.on_commit(lambda: send_mail.delay(tenant=tenant_id), robust=True)


def _ring(mail_id: int) -> None:
    from prm.notices.tasks import send_account_mail  # noqa: PLC0415  tasks import services

    send_account_mail.delay(mail=mail_id)
