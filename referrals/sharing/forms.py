"""Forms of partners for links, pages, codes and reviews, and of the vendor for the rules."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.programs.models import Program
from partners.training.forms import TextsForm
from prm.web.formats import percent_text
from prm.web.forms import DateField, FileDrop, HintedChoiceField, PercentField
from referrals.sharing.models import (
    Consent,
    Coupon,
    Destination,
    Link,
    RewardKind,
    SharingRules,
)
from referrals.sharing.rules import (
    CAMPAIGN_LENGTH,
    CHANNEL_LENGTH,
    CODE_LENGTH,
    LEAD_FIELDS,
    SLUG_LENGTH,
    PageTexts,
    normalised_code,
    normalised_slug,
    slug_is_free_of_rules,
)
from referrals.sharing.services import CouponFacts, LinkFacts, ReviewFacts

CODE_LEAST = 4
FIELD_WORDS = {
    "phone": _("Phone"),
    "website": _("Website"),
    "country": _("Country"),
    "message": _("What it is about"),
}


class ProgramField(forms.ChoiceField):
    """One of the programs in which a partner may share."""

    def __init__(self, programs: Sequence[Program]) -> None:
        choices = [(str(program.id), program.name) for program in programs]
        super().__init__(
            label=_("Program"),
            choices=choices,
            initial=choices[0][0] if choices else None,
            widget=forms.HiddenInput if len(choices) == 1 else forms.Select,
        )

    def clean(self, value: Any) -> UUID:
        """Return the program's id."""
        return UUID(super().clean(value))


def tidy_slug(text: str) -> str:
    """Return an address as it will be. Raises ValidationError for short ones and the portal's own words."""
    slug = normalised_slug(text)
    if not slug_is_free_of_rules(slug):
        raise forms.ValidationError(
            _("Choose another address: at least three signs, and no word such as login or pay")
        )
    return slug


class LinkForm(forms.Form):
    """A link's address, and where it is shown."""

    slug = forms.CharField(
        label=_("Address"),
        max_length=SLUG_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "Letters, digits and hyphens. Addresses that you used before go on leading here."
        ),
        error_messages={"required": _("Enter an address, such as autumn-fair")},
    )
    label = forms.CharField(label=_("Name for yourself"), max_length=80, required=False)
    channel = forms.CharField(
        label=_("Channel"),
        max_length=CHANNEL_LENGTH,
        required=False,
        help_text=_("Where you show it: newsletter, LinkedIn, trade fair"),
    )
    campaign = forms.CharField(label=_("Campaign"), max_length=CAMPAIGN_LENGTH, required=False)
    destination = forms.ChoiceField(label=_("Leads to"), required=False)

    def __init__(
        self, *args: Any, programs: Sequence[Program], places: Sequence[Destination], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if programs:
            self.fields["program"] = ProgramField(programs)
            self.order_fields(["program"])
        named = len(programs) > 1
        names = {program.id: program.name for program in programs}
        self.fields["destination"].choices = [  # type: ignore[attr-defined]
            ("", _("Your own page")),
            *(
                (str(row.id), f"{row.label} ({names[row.program_id]})" if named else row.label)
                for row in places
            ),
        ]

    def clean_slug(self) -> str:
        """Return the address as it will be; refuse short ones and the portal's own words."""
        return tidy_slug(self.cleaned_data["slug"])

    @property
    def facts(self) -> LinkFacts:
        """What the partner said."""
        told = self.cleaned_data
        place = told["destination"]
        return LinkFacts(
            told["slug"],
            told["label"],
            told["channel"],
            told["campaign"],
            UUID(place) if place else None,
        )


def link_initial(link: Link) -> dict[str, Any]:
    """Return a link as the form shows it."""
    return {
        "slug": link.slug,
        "label": link.label,
        "channel": link.channel,
        "campaign": link.campaign,
        "destination": str(link.destination_id or ""),
    }


class PageForm(TextsForm):
    """A partner's page: headline and introduction by language, the person, a photo or logo."""

    person_name = forms.CharField(
        label=_("Who recommends"),
        max_length=120,
        error_messages={"required": _("Enter the name of the person who recommends")},
    )
    person_title = forms.CharField(label=_("Job title"), max_length=120, required=False)
    picture = forms.FileField(
        label=_("Photo or logo"),
        required=False,
        widget=FileDrop(accept="image/png,image/jpeg", limits=_("PNG or JPEG, up to 5 MB")),
    )
    slug = forms.CharField(
        label=_("Another address for your page"),
        max_length=SLUG_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Behind /p/. Changes at once; whoever has the old address is sent on."),
        error_messages={"required": _("Enter an address, such as your company's name")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.initial.get("slug"):  # made of the company's name with the first draft
            del self.fields["slug"]
        else:
            self.fields["slug"].required = True
        self.add_texts("headline", _("Headline"), required=True, max_length=120)
        self.add_texts(
            "introduction",
            _("Introduction"),
            required=True,
            max_length=3000,
            widget=forms.Textarea(attrs={"rows": 6}),
        )
        for code, _name in self.in_order():
            self.fields[f"introduction_{code}"].help_text = _(
                "Your own words: why you recommend this, and for whom. **Bold** and lists work."
            )

    def clean_slug(self) -> str:
        """Return the address as it will be."""
        return tidy_slug(self.cleaned_data["slug"])

    @property
    def words(self) -> list[forms.BoundField]:
        """The texts, language by language."""
        return self.group("headline", "introduction")

    @property
    def page_texts(self) -> PageTexts:
        """What the partner wrote."""
        told = self.cleaned_data
        return PageTexts(
            self.told("headline"),
            self.told("introduction"),
            told["person_name"],
            told["person_title"],
        )


class CouponForm(forms.Form):
    """A code and what it gives the customer."""

    code = forms.CharField(
        label=_("Code"),
        max_length=CODE_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("At least four letters or digits. Case, blanks and hyphens do not matter."),
        error_messages={"required": _("Enter a code")},
    )
    reward_kind = HintedChoiceField(
        label=_("What the customer gets"),
        choices=RewardKind.choices,
        initial=RewardKind.NONE,
        hints={
            RewardKind.NONE: _("The code only shows that you sent them"),
            RewardKind.PERCENT: _("Agree it with the vendor first"),
            RewardKind.TEXT: _("For instance a free first month; agree it with the vendor first"),
        },
    )
    reward_percent = PercentField(label=_("Percentage off"), required=False)
    reward_text = forms.CharField(label=_("In words"), max_length=120, required=False)
    starts_on = DateField(label=_("Valid from"))
    ends_on = DateField(label=_("Valid until"), required=False)
    uses_max = forms.IntegerField(
        label=_("Most uses"), required=False, min_value=1, max_value=1_000_000
    )

    def __init__(
        self, *args: Any, programs: Sequence[Program], zone: ZoneInfo, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.fields["program"] = ProgramField(programs)
        self.order_fields(["program"])

    def clean_code(self) -> str:
        """Refuse a code that is too short once blanks and hyphens are out."""
        code = str(self.cleaned_data["code"])
        if len(normalised_code(code)) < CODE_LEAST:
            raise forms.ValidationError(_("Enter at least four letters or digits"))
        return code

    def clean(self) -> dict[str, Any]:
        """Ask for what the chosen reward needs, and for days in their order."""
        told = super().clean() or self.cleaned_data
        kind = told.get("reward_kind")
        if kind == RewardKind.PERCENT and not told.get("reward_percent"):
            self.add_error("reward_percent", _("Enter a percentage above 0"))
        if kind == RewardKind.TEXT and not told.get("reward_text"):
            self.add_error("reward_text", _("Say what the customer gets"))
        first, last = told.get("starts_on"), told.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("Choose a day on or after the first"))
        return told

    @property
    def facts(self) -> CouponFacts:
        """What the partner said, its days in the vendor's zone."""
        told = self.cleaned_data
        kind, last = told["reward_kind"], told["ends_on"]
        after = last + timedelta(days=1) if last else None
        return CouponFacts(
            code=told["code"],
            starts_at=datetime.combine(told["starts_on"], time(), self.zone),
            ends_at=datetime.combine(after, time(), self.zone) if after else None,
            uses_max=told["uses_max"],
            reward_kind=kind,
            reward_text=told["reward_text"] if kind == RewardKind.TEXT else "",
            reward_basis_points=int(told["reward_percent"] * 10_000)
            if kind == RewardKind.PERCENT
            else None,
        )


class ReviewForm(forms.Form):
    """What a customer said of the partner, with the customer's consent."""

    author_name = forms.CharField(
        label=_("Customer's name"),
        max_length=120,
        error_messages={"required": _("Enter the name of the person who said it")},
    )
    author_role = forms.CharField(label=_("Job title and company"), max_length=160, required=False)
    rating = forms.TypedChoiceField(
        label=_("Stars"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("None")), *((str(n), str(n)) for n in range(5, 0, -1))],
    )
    text = forms.CharField(
        label=_("Their words"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Enter what the customer said")},
    )
    consent = forms.BooleanField(
        label=_("The customer agreed that these words are published with name and company"),
        error_messages={
            "required": _("Ask the customer first; without consent it cannot be shown")
        },
    )

    @property
    def facts(self) -> ReviewFacts:
        """What the partner said."""
        told = self.cleaned_data
        return ReviewFacts(
            author_name=told["author_name"],
            author_role=told["author_role"],
            rating=told["rating"],
            text=told["text"],
            consent_text=str(self.fields["consent"].label),
        )


class StaffReviewForm(ReviewForm):
    """A review that the vendor's people enter for a partner."""

    agreed = forms.CharField(
        label=_("How the customer agreed"),
        max_length=300,
        help_text=_("When, to whom, in which way: by email to Aoife Brennan on 3 November 2026"),
        error_messages={"required": _("Say how the customer agreed")},
    )
    show = forms.BooleanField(
        label=_("Show it on the partner's page at once"), required=False, initial=True
    )

    field_order = ["author_name", "author_role", "text", "rating", "consent", "agreed", "show"]

    @property
    def facts(self) -> ReviewFacts:
        """What was entered, with how the consent was given."""
        told = super().facts
        return replace(told, consent_text=f"{told.consent_text}. {self.cleaned_data['agreed']}")


class AnswerForm(forms.Form):
    """The vendor's answer to a page or review: yes, or no with a reason."""

    do = forms.ChoiceField(choices=[("approve", ""), ("decline", "")])
    reason = forms.CharField(
        label=_("What has to change"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The partner reads this"),
    )

    def clean(self) -> dict[str, Any]:
        """A no needs a reason."""
        told = super().clean() or self.cleaned_data
        if told.get("do") == "decline" and not str(told.get("reason", "")).strip():
            self.add_error("reason", _("Say what has to change"))
        return told


class SharingRulesForm(TextsForm):
    """How a program's partners may share."""

    cookie_days = forms.IntegerField(
        label=_("Days a click counts"),
        min_value=1,
        max_value=400,
        help_text=_("A request within so many days after a click is the partner's"),
    )
    double_minutes = forms.IntegerField(
        label=_("Minutes until a second click counts"), min_value=0, max_value=1440
    )
    consent = HintedChoiceField(
        label=_("When a browser may remember the partner"),
        choices=Consent.choices,
        hints={
            Consent.ASK: _("The page asks; without a yes nothing is kept in the browser"),
            Consent.AT_ONCE: _("Only where the law lets you do so without asking"),
        },
    )
    approve_pages = forms.BooleanField(
        label=_("Look at partners' pages before they are public"), required=False
    )
    lead_fields = forms.MultipleChoiceField(
        label=_("The form also asks for"),
        required=False,
        choices=[(name, FIELD_WORDS[name]) for name in LEAD_FIELDS],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add_texts(
            "disclosure",
            _("What pages say of the partner's commission"),
            max_length=400,
            widget=forms.Textarea(attrs={"rows": 2}),
        )
        for code, _name in self.in_order():
            self.fields[f"disclosure_{code}"].help_text = _(
                "{partner} and {vendor} stand for the names. Left empty, the portal's own words are shown."
            )

    @property
    def settings(self) -> dict[str, Any]:
        """The rules as the service takes them."""
        told = self.cleaned_data
        names = ("cookie_days", "double_minutes", "consent", "approve_pages", "lead_fields")
        return {**{name: told[name] for name in names}, "disclosure": self.told("disclosure")}


def rules_initial(rules: SharingRules) -> dict[str, Any]:
    """Return a program's rules as the form shows them."""
    names = ("cookie_days", "double_minutes", "consent", "approve_pages", "lead_fields")
    texts = {f"disclosure_{code}": text for code, text in rules.disclosure.items()}
    return {**{name: getattr(rules, name) for name in names}, **texts}


class DestinationForm(forms.Form):
    """A page of the vendor's own to which links may lead."""

    label = forms.CharField(
        label=_("Name"), max_length=80, error_messages={"required": _("Enter a name for the page")}
    )
    url = forms.CharField(
        label=_("Address of the page"),
        max_length=500,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        help_text=_("Complete, with https://"),
        error_messages={"required": _("Enter the address of the page")},
    )


def reward_words(coupon: Coupon) -> str:
    """Return what a code gives the customer, in words; empty for nothing."""
    if coupon.reward_kind == RewardKind.PERCENT:
        percent = percent_text(Decimal(coupon.reward_basis_points or 0) / 10_000, digits=2)
        return str(_("%(percent)s off") % {"percent": percent})
    return coupon.reward_text
