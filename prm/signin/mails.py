"""Mails about signing in: written in the person's language, in the vendor's name, and queued."""

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from prm.accounts.capabilities import Role
from prm.accounts.models import Invitation, User
from prm.notices.mails import inlined, sender_of, written
from prm.notices.models import AccountMail
from prm.notices.services import queue_account_mail
from prm.tenancy.links import tenant_url
from prm.tenancy.models import Tenant


def mail_invitation(
    invitation: Invitation, *, token: str, person: User | None, reminds: bool = False
) -> AccountMail:
    """Queue the mail with the invitation's link, in the invited person's language; reminds: not for the first time.

    An account mail, because its text is dropped once sent: the link opens a place in the tenant.
    """
    tenant = invitation.tenant
    language = (person.language if person else "") or invitation.language or tenant.language
    with translation.override(language):
        roles = ", ".join(str(Role(role).label) for role in invitation.roles)
        button = gettext("Open the invitation")
        words = (
            gettext("Reminder: you are invited to %(place)s")
            if reminds
            else gettext("You are invited to %(place)s")
        )
        title = words % {"place": invitation.partner_name or tenant.name}
    context = {
        "title": title,
        "reminds": reminds,
        "invitation": invitation,
        "inviter": invitation.invited_by.get_full_name() if invitation.invited_by else "",
        "roles": roles,
        "name": (person.name if person else "") or invitation.name,
        "url": tenant_url(tenant, "invitation-open", token=token),
        "button": button,
    }
    mail_words = written("emails/accounts/invitation", context, tenant=tenant, language=language)
    mail = queue_account_mail(
        to=invitation.email,
        subject=mail_words.subject,
        text=mail_words.text,
        html=mail_words.html,
        language=mail_words.language,
    )
    return in_the_name_of(mail, tenant)


def framed(subject: str, text: str, *, tenant: Tenant | None, language: str, code: str = "") -> str:
    """Return the text of an account mail as HTML in the mails' frame, the code large; in the active language."""
    context = {
        "tenant": tenant or Tenant(name=gettext("Partner portal")),
        "subject": subject,
        "title": subject,
        "language": language,
        "address": (tenant.legal_name or tenant.name) if tenant else "",
        "parts": [part.strip() for part in text.strip().split("\n\n") if part.strip()],
        "code": code,
    }
    return inlined(render_to_string("emails/accounts/message.html", context))


def in_the_name_of(mail: AccountMail, tenant: Tenant) -> AccountMail:
    """Let the mail carry the vendor's name and reply address."""
    mail.sender, mail.reply_to = sender_of(tenant), tenant.reply_to
    mail.save(update_fields=["sender", "reply_to"])
    return mail
