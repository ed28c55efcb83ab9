"""Fills the places that referrals' pages leave for money."""

from commissions.earnings import panels

__all__ = ["panels"]
