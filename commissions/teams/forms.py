"""What a split is entered with: a share for each person."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from commissions.teams.models import TeamSplit
from commissions.teams.rules import WHOLE
from prm.accounts.selectors import TeamMember
from prm.web.formats import percent_text
from prm.web.forms import DateField, PercentField


class TeamSplitForm(forms.Form):
    """Who gets which part, from when, and whether they see it. Shares that are all empty end the sharing."""

    use_required_attribute = False

    def __init__(
        self,
        *args: Any,
        people: list[TeamMember],
        now: TeamSplit | None,
        today: date,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.people, self.today = people, today
        said = {row.user_id: row.share for row in now.shares.all()} if now else {}
        for person in people:
            share = said.get(person.user_id)
            self.fields[f"share_{person.user_id}"] = PercentField(
                label=person.name,
                required=False,
                initial=Decimal(share) / WHOLE if share else None,
            )
        self.fields["from_on"] = DateField(
            label=_("From"),
            initial=today + timedelta(days=1),
            help_text=_(
                "Counts for what is earned from this day on. What was earned before stays."
            ),
        )
        self.fields["is_shown"] = forms.BooleanField(
            label=_("People see their own part"),
            required=False,
            initial=now.is_shown if now else False,
            help_text=_("Each sees only their own, on the page of their rewards."),
        )

    def clean(self) -> dict[str, Any]:
        """Shares make the whole, or there are none."""
        if not self.errors and self.shares and (total := sum(s for _p, s in self.shares)) != WHOLE:
            raise forms.ValidationError(
                _("The shares add up to %(total)s. Change them until they make 100%%."),
                params={"total": percent_text(Decimal(total) / WHOLE, digits=2)},
            )
        return self.cleaned_data

    def clean_from_on(self) -> date:
        """Return a day ahead."""
        found: date = self.cleaned_data["from_on"]
        if found <= self.today:
            raise forms.ValidationError(_("Choose a day after today"))
        return found

    @property
    def shares(self) -> list[tuple[int, int]]:
        """Each person with ten-thousandths, those with nothing left out."""
        return [
            (person.user_id, int(rate * WHOLE))
            for person in self.people
            if (rate := self.cleaned_data.get(f"share_{person.user_id}"))
        ]
