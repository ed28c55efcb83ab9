"""How django-allauth fits the portal: sign-up by invitation, mail through the queue, secrets encrypted."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme

from prm.accounts.models import User
from prm.accounts.rules import tidy_email
from prm.accounts.secrets import decrypt, encrypt
from prm.accounts.selectors import person_with
from prm.notices.services import queue_account_mail
from prm.signin.mails import framed, in_the_name_of
from prm.tenancy.models import Tenant


class AccountAdapter(DefaultAccountAdapter):
    """Keeps sign-up shut, since people come by invitation, and never sends mail inside a request."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse: the only way to a login is an invitation's page (prm.signin.views.invitation_accept)."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Tell whether a `next` stays on the host of the request; no other host is ever a target."""
        request = allauth_context.request
        return url_has_allowed_host_and_scheme(
            url,
            allowed_hosts={request.get_host()},
            require_https=request.is_secure(),
        )

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue the mail in the person's own language, in the name of the vendor whose pages were used."""
        person = person_with(email)
        tenant: Tenant | None = getattr(self.request, "tenant", None)
        language = (person.language if person else "") or translation.get_language() or "en"
        vendor = tenant.name if tenant else ""
        with translation.override(language):
            message = self.render_mail(
                template_prefix,
                email,
                {
                    "request": self.request,
                    "vendor": vendor,
                    "tenant": tenant,
                    "language": language,
                    **context,
                },
            )
            html = framed(
                message.subject,
                message.body,
                tenant=tenant,
                language=language,
                code=str(context.get("code", "")),
            )
        mail = queue_account_mail(
            to=email, subject=message.subject, text=message.body, html=html, language=language
        )
        if tenant is not None:
            in_the_name_of(mail, tenant)

    def clean_email(self, email: str) -> str:
        """Store addresses in lower case, so that one person has one login."""
        return tidy_email(super().clean_email(email))


class MFAAdapter(DefaultMFAAdapter):
    """Keeps authenticator secrets and recovery seeds encrypted, and names the vendor in authenticator apps."""

    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text)

    def get_totp_issuer(self) -> str:
        """Return the name an authenticator app shows above the code."""
        tenant = getattr(allauth_context.request, "tenant", None)
        return str(tenant.name if tenant else super().get_totp_issuer())

    def get_totp_label(self, user: User) -> str:
        return user.email
