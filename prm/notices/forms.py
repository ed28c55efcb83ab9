"""What a person chooses about notices."""

from typing import Any

from django import forms

from prm.notices.selectors import PreferenceLine


class PreferencesForm(forms.Form):
    """Two boxes a kind: by email, in the portal; mandatory kinds have none."""

    def __init__(self, data: Any = None, *, lines: list[PreferenceLine]) -> None:
        super().__init__(data)
        self.lines = lines
        for line in lines:
            if not line.kind.mandatory:
                self.fields[f"{line.kind.name}:email"] = forms.BooleanField(
                    required=False, initial=line.by_email
                )
                self.fields[f"{line.kind.name}:portal"] = forms.BooleanField(
                    required=False, initial=line.in_portal
                )

    @property
    def rows(self) -> list[tuple[PreferenceLine, Any, Any]]:
        """Each kind with its two boxes, None for mandatory ones."""
        return [
            (line, None, None)
            if line.kind.mandatory
            else (line, self[f"{line.kind.name}:email"], self[f"{line.kind.name}:portal"])
            for line in self.lines
        ]

    @property
    def choices(self) -> dict[str, tuple[bool, bool]]:
        """What was chosen: kind -> (by email, in the portal)."""
        names = [line.kind.name for line in self.lines if not line.kind.mandatory]
        return {
            name: (self.cleaned_data[f"{name}:email"], self.cleaned_data[f"{name}:portal"])
            for name in names
        }
