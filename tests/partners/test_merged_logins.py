"""What a person learned and signed with a login that was merged away counts and shows under the one that stays."""

from datetime import datetime

from django.test import Client

from partners.directory.people_merging import merge_people
from partners.programs.models import Program
from partners.training.models import Attempt
from partners.training.selectors import passed, standing
from prm.accounts.capabilities import Role
from prm.accounts.models import Membership, User
from prm.events.services import SYSTEM
from prm.tenancy.models import Tenant
from prm.tenancy.scope import tenant_scope
from tests.builders.agreements import a_signature, an_agreement
from tests.builders.partners import a_partner, a_program
from tests.builders.people import a_member
from tests.builders.training import a_certificate, a_course, a_learner, lessons_done
from tests.conftest import World


def merge(gone: User, stays: User, tenant: Tenant, at: datetime) -> None:
    places = {row.user_id: row.id for row in Membership.objects.filter(tenant=tenant)}
    merge_people(from_id=places[gone.id], into_id=places[stays.id], actor=SYSTEM, at=at)


def test_a_pass_counts_for_the_login_that_stays(acme: Tenant, at: datetime) -> None:
    partner = a_partner()
    gone, stays = (
        a_member(acme, Role.PARTNER_REP, f"{name}@b.example", partner_id=partner.id)
        for name in ("gone", "stays")
    )
    old, kept = a_learner(gone, partner), a_learner(stays, partner)
    alone, both, ahead = (a_course(title) for title in ("Alone", "Both", "Ahead"))
    certificates = {course.id: a_certificate(course, old) for course in (alone, both)}
    lessons_done(ahead, old)
    lessons_done(both, kept)
    own = a_certificate(ahead, kept)

    merge(gone, stays, acme, at)

    for course in (alone, both, ahead):
        assert passed(course_id=course.id, learner=kept), course
    for course in (alone, both):
        assert standing(course, kept, at).certificate == certificates[course.id]
    assert standing(ahead, kept, at).certificate == own
    # How it was passed stays where it was done.
    assert Attempt.objects.get(taking__course=both).taking.user == gone


def test_a_signature_names_the_login_that_stays(world: World, at: datetime) -> None:
    with tenant_scope(world.acme.id):
        program: Program = a_program()
        partner = a_partner(programs=(program,))
        first, second, last = (
            a_member(
                world.acme, Role.PARTNER_ADMIN, f"{name}@b.example", partner_id=partner.id,
                partner_name=partner.name,
            )
            for name in ("first", "second", "last")
        )  # fmt: skip
        signature = a_signature(an_agreement(program), partner, first)
    client = Client()
    client.force_login(last)
    page = f"/acme/agreement/signed/{signature.id}/"
    before = client.get(page).text
    with tenant_scope(world.acme.id):
        merge(first, second, world.acme, at)
        merge(second, last, world.acme, at)

    after = client.get(page).text

    assert "Merged into" not in before
    assert first.email in after
    assert f"<dt>Merged into</dt><dd>{last.email}</dd>" in after
