"""Second-factor forms that keep used codes in PostgreSQL, and the sign-up form of an invitation."""

from typing import Any

from allauth.account.forms import LoginForm
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from prm.accounts.models import User
from prm.signin.codes import use_code


class OnceOnly(BaseAuthenticateForm):
    """Accepts a code of the authenticator app once, whatever happens to the cache that allauth marks it in."""

    def clean_code(self) -> str:
        """Return the code. A code of an earlier or the same half minute as the last used one is refused.

        The person's factors are locked meanwhile, so that of two requests with one recovery code one is refused.
        """
        problem: forms.ValidationError | None = None
        with transaction.atomic():
            list(Authenticator.objects.select_for_update().filter(user=self.user).order_by("pk"))
            try:
                code: str = super().clean_code()
            except forms.ValidationError as error:
                # Raised outside, so that the count of failures stays when it is kept in the database.
                problem = error
            else:
                authenticator: Authenticator = self.authenticator
                if authenticator.type == Authenticator.Type.TOTP and not use_code(
                    authenticator, code
                ):
                    problem = get_adapter().validation_error("incorrect_code")
        if problem is not None:
            raise problem
        return code


class OnceOnlyAuthenticateForm(OnceOnly, AuthenticateForm):
    """The second step of signing in."""


class OnceOnlyReauthenticateForm(OnceOnly, ReauthenticateForm):
    """The second factor asked for again before something delicate."""


class JoinForm(forms.Form):
    """What a person without a login gives when accepting an invitation."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=200,
        help_text=_("At least 10 characters. A sentence you remember works well."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean_name(self) -> str:
        """Return the name without doubled blanks."""
        return " ".join(self.cleaned_data["name"].split())

    def clean_password(self) -> str:
        """Return the password when it is strong enough."""
        password: str = self.cleaned_data["password"]
        validate_password(password, User(email=self.email, name=self.cleaned_data.get("name", "")))
        return password


class PlainLoginForm(LoginForm):
    """The page of signing in, in the portal's words: labels instead of placeholders, one link to reset."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        self.fields["password"].help_text = ""
        if "remember" in self.fields:
            self.fields["remember"].label = _("Stay logged in on this device")
