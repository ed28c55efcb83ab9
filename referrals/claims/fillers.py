"""What claims show on other slices' pages, and their part of merges and erasures."""

from referrals.claims import forgetting, merging  # noqa: F401  register themselves
