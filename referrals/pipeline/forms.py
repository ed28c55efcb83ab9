"""What is asked when a referral moves, is spoken about, or gets a next step."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.web.forms import DateField
from referrals.pipeline.answer_models import LossReason
from referrals.pipeline.models import (
    Stage,
    StageKind,
)
from referrals.pipeline.rules import NEEDS_REASON

LONGEST_NOTE = 4000


class NoteForm(forms.Form):
    """A note; on the vendor's page it may be internal."""

    text = forms.CharField(
        label=_("Note"),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write a note first")},
    )


class StaffNoteForm(NoteForm):
    """A note of the vendor's people: internal unless they share it."""

    shared = forms.BooleanField(
        label=_("Share with the partner"),
        help_text=_("Otherwise only your colleagues see it."),
        required=False,
    )


class MoveForm(forms.Form):
    """Where a referral goes, from where it was seen, and why."""

    to = forms.TypedChoiceField(label=_("New stage"), coerce=int)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    loss_reason = forms.TypedChoiceField(
        label=_("Why it was lost"), required=False, coerce=int, empty_value=None
    )

    def __init__(
        self,
        data: Any = None,
        *,
        stages: Sequence[Stage],
        loss_reasons: Sequence[LossReason] = (),
        **options: Any,
    ) -> None:
        super().__init__(data, **options)
        if loss_reasons and any(stage.kind == StageKind.LOST for stage in stages):
            self.fields["loss_reason"].choices = [  # type: ignore[attr-defined]
                ("", gettext("Choose")),
                *((row.id, row.name) for row in loss_reasons),
            ]
        else:
            del self.fields["loss_reason"]
        self.stages = {stage.id: stage for stage in stages}
        self.fields["to"].choices = [(stage.id, stage.label) for stage in stages]  # type: ignore[attr-defined]
        reason = self.fields["reason"]
        reason.required = all(stage.kind in NEEDS_REASON for stage in stages)
        reason.error_messages["required"] = gettext("Say why; the partner reads it")
        reason.help_text = (
            gettext("The partner reads it.")
            if reason.required
            else gettext("The partner reads it. Needed for lost and declined referrals.")
        )
        self.fields["to"].error_messages["invalid_choice"] = gettext(
            "This move is not allowed from where the referral stands now"
        )

    def clean(self) -> dict[str, Any]:
        """Ask for the reason where the partner must know it."""
        read = super().clean() or {}
        stage = self.stages.get(read.get("to", 0))
        if (
            stage is not None
            and stage.kind == StageKind.LOST
            and "loss_reason" in self.fields
            and "loss_reason" not in self.errors
            and read.get("loss_reason") is None
        ):
            self.add_error("loss_reason", gettext("Choose one of the reasons"))
        asked = stage is not None and stage.kind in NEEDS_REASON and "reason" not in self.errors
        if asked and not str(read.get("reason", "")).strip():
            self.add_error("reason", gettext("Say why; the partner reads it"))
        return read


class NextStepForm(forms.Form):
    """Who looks after a referral and what happens next; the partner sees both."""

    owner = forms.TypedChoiceField(label=_("Owner"), required=False, coerce=int, empty_value=None)
    next_step = forms.CharField(
        label=_("Next step"),
        max_length=200,
        required=False,
        help_text=_("The partner sees it. For example: First call with Tom."),
    )
    next_step_on = DateField(label=_("By"), required=False)

    def __init__(
        self, data: Any = None, *, owners: Sequence[tuple[str, str]], **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.fields["owner"].choices = [("", gettext("Nobody yet")), *owners]  # type: ignore[attr-defined]
