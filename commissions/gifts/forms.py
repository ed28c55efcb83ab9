"""What rewards are offered, given and moved with."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commissions.gifts.models import Gift, GiftKind
from commissions.gifts.rules import (
    LONGEST_CODE,
    MOST_CODES,
    CodesUnreadable,
    GiftTerms,
    codes_in,
)
from commissions.gifts.wording import MOVES, kind_text
from partners.programs.models import Program
from prm.money import Money
from prm.web.forms import DateField, HintedChoiceField, MoneyField

KIND_HINTS: dict[str, Any] = {
    GiftKind.CREDIT: gettext_lazy("You credit it to the partner's account with you."),
    GiftKind.DISCOUNT: gettext_lazy("The partner gets one code of a list that you upload."),
    GiftKind.CARD: gettext_lazy("The partner gets the code of a card from a list that you upload."),
    GiftKind.GOODS: gettext_lazy("Something you order and send."),
    GiftKind.QUOTA: gettext_lazy("You lower what the partner has to bring."),
}


class GiftForm(forms.Form):
    """One thing of a program's catalogue."""

    use_required_attribute = False

    kind = HintedChoiceField(
        label=gettext_lazy("What it is"), choices=GiftKind.choices, hints=KIND_HINTS
    )
    title = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    worth = forms.CharField(
        label=gettext_lazy("What it is worth"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Partners read this, such as: 50 euro off your next invoice."),
    )
    starts_on = DateField(label=gettext_lazy("First day"))
    ends_on = DateField(
        label=gettext_lazy("Last day"),
        required=False,
        help_text=gettext_lazy("Empty: until you say otherwise."),
    )

    def __init__(
        self,
        *args: Any,
        programs: list[Program],
        today: date,
        gift: Gift | None = None,
        **kwargs: Any,
    ) -> None:
        self.programs = {str(program.id): program for program in programs}
        self.gift = gift
        kwargs["initial"] = _initial(gift) if gift else {"starts_on": today, "kind": GiftKind.GOODS}
        super().__init__(*args, **kwargs)
        if gift is None:
            self.fields["program"] = forms.ChoiceField(
                label=_("Program"),
                choices=[(key, program.name) for key, program in self.programs.items()],
            )
        self.fields["cost"] = MoneyField(
            label=_("What one costs you"),
            currencies=sorted({program.currency for program in programs}),
            help_text=_("Counts in the costs of the program. Partners do not see it."),
        )
        self.order_fields(["program", "kind", "title", "worth", "cost", "starts_on", "ends_on"])

    @property
    def chosen_program(self) -> Program:
        """The chosen program of a valid form."""
        if self.gift:
            program: Program = self.gift.program
            return program
        return self.programs[self.cleaned_data["program"]]

    def clean(self) -> dict[str, Any]:
        """Days make a time; the cost is in the currency of the program."""
        data = self.cleaned_data
        first, last = data.get("starts_on"), data.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("Choose a last day that is not before the first"))
        cost: Money | None = data.get("cost")
        if (
            cost
            and (self.gift or data.get("program"))
            and cost.currency != self.chosen_program.currency
        ):
            self.add_error(
                "cost",
                _("The program counts in %(currency)s: enter the cost in it")
                % {"currency": self.chosen_program.currency},
            )
        return data

    @property
    def terms(self) -> GiftTerms:
        """What a valid form says."""
        data = self.cleaned_data
        return GiftTerms(
            kind=data["kind"],
            title=data["title"],
            worth=data["worth"],
            cost_minor=data["cost"].minor,
            starts_on=data["starts_on"],
            ends_on=data["ends_on"],
        )


class CodesForm(forms.Form):
    """Codes, one a line."""

    use_required_attribute = False

    codes = forms.CharField(
        label=gettext_lazy("Codes, one a line"),
        max_length=MOST_CODES * (LONGEST_CODE + 2),
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "They are kept encrypted; only the partner that gets one can read it. A code you have already is skipped."
        ),
    )

    def clean_codes(self) -> list[str]:
        """Return the codes."""
        try:
            found = codes_in(self.cleaned_data["codes"])
        except CodesUnreadable as unreadable:
            if unreadable.line:
                raise forms.ValidationError(
                    _("Line %(line)s is too long, or no code"), params={"line": unreadable.line}
                ) from None
            raise forms.ValidationError(
                _("Enter at most %(most)s codes at once"), params={"most": MOST_CODES}
            ) from None
        if not found:
            raise forms.ValidationError(_("Enter at least one code"))
        return found


class AwardForm(forms.Form):
    """What a partner gets, and why. key makes a form that is sent twice one award."""

    use_required_attribute = False

    gift = forms.ChoiceField(label=gettext_lazy("Reward"))
    reason = forms.CharField(
        label=gettext_lazy("What for"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The partner reads this."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, offers: list[Gift], **kwargs: Any) -> None:
        kwargs["initial"] = {"key": uuid4()}
        super().__init__(*args, **kwargs)
        many = len({offer.program_id for offer in offers}) > 1
        field = self.fields["gift"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (str(offer.id), " · ".join(_parts(offer, with_program=many))) for offer in offers
        ]

    @property
    def gift_id(self) -> UUID:
        """The chosen gift of a valid form."""
        return UUID(self.cleaned_data["gift"])


class MoveForm(forms.Form):
    """Where an award goes next, and how."""

    use_required_attribute = False

    to = forms.ChoiceField(label=gettext_lazy("What happened"), widget=forms.RadioSelect)
    tracking = forms.CharField(
        label=gettext_lazy("How it comes, or why it did not"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("The partner reads this, such as a tracking number."),
    )

    def __init__(self, *args: Any, moves: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(to, MOVES[to]) for to in moves]

    def clean(self) -> dict[str, Any]:
        """What did not come has a reason."""
        if self.cleaned_data.get("to") == "failed" and not self.cleaned_data.get("tracking"):
            self.add_error("tracking", _("Say why it did not come"))
        return self.cleaned_data


class CostForm(forms.Form):
    """Which days costs are shown for, both included."""

    use_required_attribute = False

    first = DateField(label=gettext_lazy("From"))
    last = DateField(label=gettext_lazy("To"))

    def clean(self) -> dict[str, Any]:
        """The days make a time."""
        data = self.cleaned_data
        if data.get("first") and data.get("last") and data["last"] < data["first"]:
            self.add_error("last", _("Choose a last day that is not before the first"))
        return data

    @property
    def span(self) -> tuple[date, date]:
        """The days of a valid form."""
        return self.cleaned_data["first"], self.cleaned_data["last"]


def _parts(offer: Gift, *, with_program: bool) -> list[str]:
    found = [offer.title, kind_text(offer.kind)]
    return [*found, offer.program.name] if with_program else found


def _initial(gift: Gift) -> dict[str, Any]:
    return {
        "kind": gift.kind,
        "title": gift.title,
        "worth": gift.worth,
        "cost": Money(gift.cost_minor, gift.currency),
        "starts_on": gift.starts_on,
        "ends_on": gift.ends_on,
    }
