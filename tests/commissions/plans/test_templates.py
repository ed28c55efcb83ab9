"""Every template makes a draft that can be published, with its reasons."""

from uuid import UUID

import pytest
from django.test import Client

from commissions.plans.models import PlanRule, PlanVersion
from commissions.plans.templates import TEMPLATES
from prm.tenancy.scope import tenant_scope
from tests.builders.referrals import a_program
from tests.conftest import World


@pytest.fixture
def program_id(world: World) -> UUID:
    with tenant_scope(world.acme.id):
        return a_program().id


def test_one_click_makes_a_draft_that_can_be_published(
    world: World, client: Client, program_id: UUID
) -> None:
    client.force_login(world.admin)
    base = f"/acme/manage/programs/{program_id}/plans/"

    page = client.get(f"{base}templates/").content.decode()
    for template in TEMPLATES:
        answer = client.post(f"{base}templates/{template.key}/")
        draft = client.get(answer["Location"])

        assert answer.status_code == 303, template.key
        assert draft.status_code == 200
        with tenant_scope(world.acme.id):
            version = PlanVersion.objects.get()
            assert version.rationale == str(template.rationale)
            assert PlanRule.objects.filter(version=version).exists()
    published = client.post(f"{base}draft/publish/")

    assert len(TEMPLATES) >= 8
    assert "A small amount soon keeps partners sending" in page
    assert "€500.00 when a referral is won" in page
    assert client.post(f"{base}templates/unknown/").status_code == 404
    assert published.status_code == 303
    with tenant_scope(world.acme.id):
        assert PlanVersion.objects.get().published_at is not None
