"""What choices add elsewhere: they take part in releases and merges."""

from commissions.choices import merging, taking  # noqa: F401  register themselves
