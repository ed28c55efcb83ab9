"""What is asked about a stage."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from referrals.pipeline.models import Stage, StageKind
from referrals.pipeline.rules import REPEATABLE_KINDS


class StageNameForm(forms.Form):
    """A stage's own name."""

    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        required=False,
        help_text=_("Leave it empty for the word in each reader's language."),
    )


class StageForm(forms.Form):
    """A further stage."""

    name = forms.CharField(
        label=_("Name"), max_length=60, error_messages={"required": _("Enter a name")}
    )
    kind = forms.ChoiceField(
        label=_("Meaning"),
        help_text=_(
            "What the portal does with it: commissions, dashboards and mails go by the meaning."
        ),
    )

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        kinds = [(kind.value, kind.label) for kind in StageKind if kind in REPEATABLE_KINDS]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]


class RetireForm(forms.Form):
    """Where the referrals of a retired stage go."""

    target = forms.TypedChoiceField(label=_("Referrals in it go to"), coerce=int)

    def __init__(self, data: Any = None, *, targets: Sequence[Stage], **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["target"].choices = [(stage.id, stage.label) for stage in targets]  # type: ignore[attr-defined]
        self.fields["target"].error_messages["required"] = gettext("Choose a stage")
