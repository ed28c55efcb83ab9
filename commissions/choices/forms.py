"""What is offered instead of money, and what a partner chooses."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.choices.models import Instead, Taken
from commissions.choices.wording import example_text
from partners.programs.models import Program
from prm.web.forms import HintedChoiceField, PercentField


class ExchangeForm(forms.Form):
    """What a program gives instead of money, at which exchange."""

    use_required_attribute = False

    program = forms.ChoiceField(label=gettext_lazy("Program"))
    kind = forms.ChoiceField(label=gettext_lazy("What partners may take"), choices=Instead.choices)
    rate = PercentField(
        label=gettext_lazy("Exchange"),
        low=Decimal(1),
        high=Decimal(3),
        help_text=gettext_lazy("At 110%, a partner gets 110.00 of it for 100.00 of commission."),
    )

    def __init__(self, *args: Any, programs: list[Program], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["program"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(program.id), program.name) for program in programs]

    @property
    def program_id(self) -> UUID:
        """The program of a valid form."""
        return UUID(self.cleaned_data["program"])


class EndForm(forms.Form):
    """What is no longer offered."""

    program = forms.UUIDField()
    kind = forms.ChoiceField(choices=Instead.choices)


class ChoiceForm(forms.Form):
    """How a partner takes what a program pays; a value names the kind and the exchange that was shown."""

    use_required_attribute = False

    def __init__(
        self, *args: Any, offered: dict[str, Decimal], currency: str, now: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        hints = {
            f"{kind}:{rate}": example_text(rate, currency) for kind, rate in sorted(offered.items())
        }
        choices = [(Taken.CASH.value, str(Taken.CASH.label))]
        choices += [(value, str(Taken(value.split(":")[0]).label)) for value in hints]
        self.fields["choice"] = HintedChoiceField(
            label=_("From the next statement on, you take"),
            choices=choices,
            hints={Taken.CASH.value: _("Paid out as before."), **hints},
            initial=now,
            error_messages={"invalid_choice": _("It is no longer offered like this: choose again")},
        )

    @property
    def chosen(self) -> tuple[str, Decimal | None]:
        """The kind and the exchange of a valid form; None for money."""
        kind, _colon, rate = self.cleaned_data["choice"].partition(":")
        return kind, Decimal(rate) if rate else None
