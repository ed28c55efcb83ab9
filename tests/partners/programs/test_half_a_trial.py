"""A file that names half a trial of new partners: no trial, and it says so."""

from datetime import datetime
from typing import Any

import pytest

from partners.applications.models import Admission
from partners.programs.copying import make_program, program_document
from prm.events.services import SYSTEM
from prm.tenancy.scope import tenant_scope
from tests.conftest import World
from tests.partners.programs.test_copying import a_rich_program


@pytest.mark.parametrize("missing", ["probation_days", "probation_referrals"])
def test_half_a_trial_is_left_out(world: World, at: datetime, missing: str) -> None:
    with tenant_scope(world.acme.id):
        document: Any = program_document(program_id=a_rich_program(world.acme, at).id)
    document["parts"]["admission"][missing] = None
    with tenant_scope(world.globex.id):
        made = make_program(document=document, actor=SYSTEM, at=at)
        admission = Admission.objects.get(program_id=made.program.id)

        assert (admission.probation_days, admission.probation_referrals) == (None, None)
        assert any("both days and referrals" in str(words) for words in made.left_out)
