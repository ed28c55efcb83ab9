"""copy_referrals writes the very cells that an export of a few rows has, whoever exports and in whatever language."""

import csv
import io
from datetime import datetime
from pathlib import Path

import pytest
from django.utils import timezone, translation

from prm.tenancy.scope import tenant_scope
from prm.web.exports import csv_lines
from referrals.pipeline.exporting import copy_referrals
from referrals.pipeline.listings import export_header, export_rows
from referrals.pipeline.models import Referral
from referrals.pipeline.wanted import Wanted
from tests.builders.referrals import a_referral, people_of
from tests.conftest import World


@pytest.mark.parametrize("staff", [True, False])
@pytest.mark.parametrize("language", ["en", "it"])
def test_the_cells_are_those_of_a_small_export(
    world: World, at: datetime, tmp_path: Path, *, staff: bool, language: str
) -> None:
    with tenant_scope(world.acme.id):
        people = people_of(world.acme)
        first = a_referral(
            at,
            partner=people.partner,
            by=people.rep,
            company="=Kestrel",
            website="https://k.example",
        )
        a_referral(
            at,
            partner=people.partner,
            company="No login",
            contact_email="a@n.example",
            stage="qualified",
        )
        Referral.objects.filter(id=first.id).update(
            deal_minor=123_450, country="IT", submitted_by_name=""
        )
        type(first.stage).objects.filter(kind="qualified").update(name="On its way; “soon”")

    with (
        tenant_scope(world.acme.id),
        translation.override(language),
        timezone.override("Europe/Rome"),
    ):
        rows, header = Referral.objects.all(), export_header(staff=staff)
        count = copy_referrals(tmp_path / "x.csv", rows, header=header, staff=staff)
        expected = "".join(csv_lines(header, export_rows(Wanted(), rows, staff=staff)))

    found = (tmp_path / "x.csv").read_text("utf-8")
    assert count == 2
    assert list(csv.reader(io.StringIO(found))) == list(csv.reader(io.StringIO(expected)))
