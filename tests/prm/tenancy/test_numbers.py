"""Printed numbers."""

import pytest
from django.db import connection

from prm.tenancy.models import Tenant
from prm.tenancy.services import padded


@pytest.mark.parametrize(
    ("number", "printed"), [(7, "0007"), (9_999, "9999"), (10_000, "10000"), (123_456, "123456")]
)
def test_a_large_number_keeps_all_its_digits(acme: Tenant, number: int, printed: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"select {padded('n.i')} from (values (%s)) n (i)", [number])

        assert cursor.fetchone() == (printed,)
