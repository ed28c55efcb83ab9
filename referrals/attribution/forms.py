"""What is asked about attribution: a program's rules, a change of credit, a hold, a case."""

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from partners.directory.models import PartnerType
from prm.web.forms import PercentField, with_unit
from referrals.attribution.models import (
    Basis,
    CaseParty,
    CreditRole,
    ExistingCustomers,
    HoldOutcome,
    Outcome,
    Pick,
)
from referrals.attribution.rules import WHOLE, Settings, SharesDoNotAddUp, shares_of
from referrals.attribution.wording import DECIDING_RULES, rule_name

ROWS = (1, 2, 3, 4)
_AREA = {"rows": 4}


def _reason(label: Any, hint: Any = "", missing: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=2000,
        widget=forms.Textarea(attrs=_AREA),
        error_messages={"required": missing or _("Write the reason")},
    )


def _digest(data: Any, names: Sequence[str]) -> str:
    """Return a name of what was filled in: a confirmation counts only for what its preview showed."""
    text = "\n".join(f"{name}={','.join(data.getlist(name))}" for name in sorted(names))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


class Previewed(forms.Form):
    """A form that shows what it does before it does it."""

    seen = forms.IntegerField(widget=forms.HiddenInput)

    @property
    def preview_digest(self) -> str:
        """What the confirmation must say."""
        return _digest(self.data, list(self.fields))

    @property
    def is_confirmed(self) -> bool:
        """Whether just this was previewed and is confirmed now."""
        return bool(self.data.get("confirm")) and self.data["confirm"] == self.preview_digest


class RulesForm(forms.Form):
    """A program's rules of attribution. Gives Settings."""

    basis = forms.ChoiceField(label=_("What counts"), choices=Basis.choices)
    pick = forms.ChoiceField(label=_("Which one decides"), choices=Pick.choices)
    window_days = with_unit(
        forms.IntegerField(
            label=_("How long a contact counts"),
            help_text=_("Back from the moment in which a referral comes in."),
            min_value=1,
            max_value=3650,
        ),
        _("days"),
    )
    existing_customers = forms.ChoiceField(
        label=_("Existing customers"), choices=ExistingCustomers.choices
    )
    direct_days = with_unit(
        forms.IntegerField(
            label=_("How long your own sales' work excludes a partner"),
            help_text=_("0: it excludes nobody."),
            min_value=0,
            max_value=3650,
        ),
        _("days"),
    )
    service_share = PercentField(
        label=_("Part of a reward for service"),
        help_text=_("Only where a referral has service credit; the rest is for bringing the deal."),
    )
    exempt_types = forms.MultipleChoiceField(
        label=_("Partners that may refer themselves"),
        choices=PartnerType.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    velocity = with_unit(
        forms.IntegerField(
            label=_("From so many of one partner a person looks"),
            help_text=_("Counted over 24 hours. 0: never."),
            min_value=0,
            max_value=100_000,
        ),
        _("referrals"),
    )
    case_hours = with_unit(
        forms.IntegerField(label=_("A case is decided within"), min_value=1, max_value=2000),
        _("business hours"),
    )
    appeal_days = with_unit(
        forms.IntegerField(
            label=_("A decision can be appealed within"), min_value=1, max_value=365
        ),
        _("days"),
    )

    @property
    def sections(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The questions under their headings."""
        named = [
            (_("Who gets the credit"), ("basis", "pick", "window_days")),
            (_("Customers and your own sales"), ("existing_customers", "direct_days")),
            (_("Shared credit"), ("service_share",)),
            (_("When a person looks first"), ("velocity", "exempt_types")),
            (_("Cases"), ("case_hours", "appeal_days")),
        ]
        return [(heading, [self[name] for name in names]) for heading, names in named]

    @property
    def settings(self) -> Settings:
        """The cleaned rules."""
        cleaned = self.cleaned_data
        share = int(cleaned["service_share"] * WHOLE)
        exempt = tuple(cleaned["exempt_types"])
        return Settings(**{**cleaned, "service_share": share, "exempt_types": exempt})


def rules_initial(settings: Settings) -> dict[str, Any]:
    """Return what the form shows of rules in force."""
    share = Decimal(settings.service_share) / WHOLE
    return {
        **settings.__dict__,
        "service_share": share,
        "exempt_types": list(settings.exempt_types),
    }


class CreditForm(Previewed):
    """Move a referral to another partner, or split its credit among up to four."""

    change = forms.ChoiceField(
        label=_("What changes"),
        choices=[
            (Outcome.MOVED, _("Give the referral to another partner")),
            (Outcome.SPLIT, _("Split the credit, the referral stays")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what changes")},
    )
    to_partner = forms.ChoiceField(label=_("New partner"), required=False)

    def __init__(
        self, data: Any = None, *, partners: Sequence[tuple[str, str]], owner: UUID, **options: Any
    ) -> None:
        super().__init__(data, **options)
        choices = [("", gettext("Choose a partner")), *partners]
        self.owner = owner
        self.fields["to_partner"].choices = [  # type: ignore[attr-defined]
            row for row in choices if row[0] != str(owner)
        ]
        for number in ROWS:
            self.fields[f"partner_{number}"] = forms.ChoiceField(
                label=gettext("Partner %(number)s") % {"number": number},
                choices=choices,
                required=False,
            )
            self.fields[f"role_{number}"] = forms.ChoiceField(
                label=gettext("Credited for"), choices=CreditRole.choices, required=False
            )
            self.fields[f"share_{number}"] = PercentField(
                label=gettext("Part of the credit"), required=False
            )
        self.fields["reason"] = _reason(
            _("Reason"),
            _("Every partner concerned reads it, word for word. Name no other partner."),
        )

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        """The lines of a split: partner, role, part."""
        names = ("partner", "role", "share")
        return [[self[f"{name}_{number}"] for name in names] for number in ROWS]

    def clean(self) -> dict[str, Any]:
        """Hold the choice and its fields together."""
        cleaned = super().clean() or {}
        if cleaned.get("change") == Outcome.MOVED and not cleaned.get("to_partner"):
            self.add_error("to_partner", gettext("Choose the new partner"))
        if cleaned.get("change") == Outcome.SPLIT:
            try:
                shares_of(self.parts(cleaned), service_share=0)
            except SharesDoNotAddUp as wrong:
                self.add_error("share_1", shares_words(wrong))
        return cleaned

    def parts(self, cleaned: dict[str, Any]) -> list[tuple[UUID, str, int]]:
        """Return the shares as set_credits takes them."""
        return [
            (
                UUID(cleaned[f"partner_{number}"]),
                cleaned.get(f"role_{number}") or CreditRole.SOURCE.value,
                int((cleaned.get(f"share_{number}") or 0) * WHOLE),
            )
            for number in ROWS
            if cleaned.get(f"partner_{number}")
        ]


def shares_words(wrong: SharesDoNotAddUp) -> str:
    """Return what is wrong with shares, for the person who typed them."""
    if wrong.role == "service":
        return gettext("The shares for service must make 100%, one line a partner")
    return gettext("The shares for bringing the deal must make 100%, one line a partner")


class HoldForm(forms.Form):
    """End a hold, with a reason that the partner reads."""

    outcome = forms.ChoiceField(
        label=_("Decision"),
        choices=HoldOutcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a decision")},
    )
    reason = _reason(_("Reason"), _("The partner reads it, word for word."))


class PlaceHoldForm(forms.Form):
    """Hold a referral."""

    note = _reason(_("What should be looked at"), _("Only the vendor's people read it."))


class EntryForm(forms.Form):
    """A comment in a case, with a file as evidence."""

    text = forms.CharField(
        label=_("What you want to say"),
        max_length=4000,
        widget=forms.Textarea(attrs=_AREA),
        error_messages={"required": _("Write a few words")},
    )
    evidence = forms.FileField(
        label=_("Evidence"),
        required=False,
        # The default one has a box to clear a kept file: ticked, the field's value is no file but False.
        widget=forms.FileInput,
        help_text=_("PDF, picture, Word, Excel or CSV, up to 10 MB."),
    )


class AppealForm(forms.Form):
    """Why a decision should be looked at again."""

    text = _reason(_("Why another person should look"))


class StaffEntryForm(EntryForm):
    """A comment of the vendor: to one party, or among its own people."""

    party = forms.ChoiceField(label=_("Who reads it"), required=False)

    def __init__(
        self, data: Any = None, *args: Any, parties: Sequence[CaseParty], **options: Any
    ) -> None:
        super().__init__(data, *args, **options)
        self.fields["party"].choices = [  # type: ignore[attr-defined]
            ("", gettext("Only the vendor's people")),
            *((str(row.partner_id), row.partner.name) for row in parties),
        ]


class VerdictForm(Previewed):
    """Decide a case: what becomes of the credit, by which rule, and what each party reads."""

    outcome = forms.ChoiceField(
        label=_("Decision"),
        choices=Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a decision")},
    )
    to_partner = forms.ChoiceField(label=_("New partner, if the credit moves"), required=False)
    rule = forms.ChoiceField(label=_("Rule that decided"))
    keeps_others = forms.BooleanField(
        label=_("Keep the parties' other referrals of this company open"),
        help_text=_("Otherwise they are declined, and lead to this case."),
        required=False,
    )

    def __init__(self, data: Any = None, *, parties: Sequence[CaseParty], **options: Any) -> None:
        super().__init__(data, **options)
        self.parties = list(parties)
        names = [(str(row.partner_id), row.partner.name) for row in parties]
        self.fields["to_partner"].choices = [("", gettext("Nobody")), *names]  # type: ignore[attr-defined]
        self.fields["rule"].choices = [(code, rule_name(code)) for code in DECIDING_RULES]  # type: ignore[attr-defined]
        for row in parties:
            values = {"partner": row.partner.name}
            self.fields[f"share_{row.id}"] = PercentField(
                label=gettext("Share of %(partner)s") % values, required=False
            )
        for row in parties:
            self.fields[f"words_{row.id}"] = _reason(
                gettext("What %(partner)s reads") % {"partner": row.partner.name},
                _("Name no other party."),
                gettext("Write what %(partner)s reads") % {"partner": row.partner.name},
            )

    def clean(self) -> dict[str, Any]:
        """Hold the choice and its fields together."""
        cleaned = super().clean() or {}
        if cleaned.get("outcome") == Outcome.MOVED and not cleaned.get("to_partner"):
            self.add_error("to_partner", gettext("Choose the new partner"))
        if cleaned.get("outcome") == Outcome.SPLIT:
            try:
                shares_of(self.split(cleaned), service_share=0)
            except SharesDoNotAddUp as wrong:
                self.add_error(f"share_{self.parties[0].id}", shares_words(wrong))
        return cleaned

    @property
    def head(self) -> list[forms.BoundField]:
        """What is decided."""
        return [self[name] for name in ("outcome", "rule", "to_partner", "keeps_others")]

    @property
    def shares(self) -> list[forms.BoundField]:
        """The parts of a split."""
        return [self[f"share_{row.id}"] for row in self.parties]

    @property
    def texts(self) -> list[forms.BoundField]:
        """What each party reads."""
        return [self[f"words_{row.id}"] for row in self.parties]

    def split(self, cleaned: dict[str, Any]) -> list[tuple[UUID, str, int]]:
        """Return the shares as set_credits takes them."""
        found = []
        for row in self.parties:
            share = int((cleaned.get(f"share_{row.id}") or 0) * WHOLE)
            if share:
                found.append((row.partner_id, CreditRole.SOURCE.value, share))
        return found

    def words(self) -> dict[UUID, str]:
        """Return what each party reads."""
        return {row.partner_id: self.cleaned_data[f"words_{row.id}"] for row in self.parties}
