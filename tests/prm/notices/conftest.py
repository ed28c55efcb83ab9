"""Kinds of notices that only these tests declare."""

from collections.abc import Iterator

import pytest
from django.utils.translation import gettext_lazy as _

from prm.notices import kinds


@pytest.fixture(autouse=True)
def _kinds() -> Iterator[None]:
    before = dict(kinds._kinds)
    kinds.kind("test.moved", label=_("Moved"))(lambda facts: f"{facts['company']} moved")
    kinds.kind("test.paid", label=_("Paid"), mandatory=True)(
        lambda facts: f"Paid {facts['company']}"
    )
    kinds.kind("test.quiet", label=_("Quiet"), default_email=False)(
        lambda facts: f"Quiet {facts['company']}"
    )
    yield
    kinds._kinds.clear()
    kinds._kinds.update(before)
