"""Languages are named inside sentences as each language writes them."""

import pytest
from django.utils.translation import override

from partners.agreements.forms import DraftForm
from partners.training.words import Speaker
from prm.web.choices import language_in_words


@pytest.mark.parametrize(
    ("reader", "names"), [("en", ("English", "Italian")), ("it", ("inglese", "italiano"))]
)
def test_a_language_is_written_as_the_readers_sentences_have_it(
    reader: str, names: tuple[str, str]
) -> None:
    with override(reader):
        assert (language_in_words("en"), language_in_words("it")) == names


def test_labels_and_marks_have_them_small_in_italian() -> None:
    with override("it"):
        labels = [field.label for field in DraftForm(has_former=True, initial={})]
        mark = Speaker("it", "en")({"en": "Hello"}).mark

    assert any(label.endswith("in inglese") for label in labels)
    assert any(label.endswith("in italiano") for label in labels)
    assert mark == "(in inglese)"
