"""What sharing out adds elsewhere: its part of merges."""

from commissions.teams import merging  # noqa: F401  registers itself
