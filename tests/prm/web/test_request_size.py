"""What is larger than a page takes is refused before it is taken in, signed in or not."""

from typing import Any

import pytest
from django.test import Client

from tests.conftest import World


@pytest.mark.parametrize(
    ("path", "announced", "refused"),
    [
        pytest.param("/acme/manage/payouts/results/", "30000000", True, id="a bank's answer"),
        pytest.param("/acme/verify/receipt/", "30000000", True, id="a public page"),
        pytest.param("/acme/verify/receipt/", "9" * 30, True, id="without end"),
        pytest.param("/acme/verify/receipt/", "0", False, id="small"),
        pytest.param("/acme/manage/courses/{course}/lessons/new/", "250100000", False, id="a film"),
        pytest.param(
            "/acme/manage/courses/{course}/lessons/new/", "270000000", True, id="too long a film"
        ),
    ],
)
def test_a_request_brings_at_most_what_its_page_takes(
    world: World, path: str, announced: str, refused: bool
) -> None:
    course = "0190a0a0-0000-7000-8000-000000000001"
    header: Any = {"CONTENT_LENGTH": announced}

    response = Client().post(path.format(course=course), **header)

    assert (response.status_code == 413) is refused
    assert (b"choose a smaller file" in response.content) is refused
