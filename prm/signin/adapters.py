"""How django-allauth fits the portal: sign-up by invitation, mail through the queue, secrets encrypted."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from prm.accounts.secrets import decrypt, encrypt
from prm.notices.services import queue_account_mail

INVITATION_KEY = "invitation"


class AccountAdapter(DefaultAccountAdapter):
    """Opens sign-up to invited people only and never sends mail inside a request."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return INVITATION_KEY in request.session

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        message = self.render_mail(template_prefix, email, {"request": self.request, **context})
        html = next((body for body, kind in getattr(message, "alternatives", []) if kind == "text/html"), "")
        text = "" if message.content_subtype == "html" else message.body
        queue_account_mail(
            to=email,
            subject=message.subject,
            text=text,
            html=html or (message.body if message.content_subtype == "html" else ""),
        )


class MFAAdapter(DefaultMFAAdapter):
    """Keeps authenticator secrets and recovery seeds encrypted."""

    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text)
