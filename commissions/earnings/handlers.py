"""Fills the places that referrals' pages leave for money."""

from commissions.earnings import panels, rewards, standing

__all__ = ["panels", "rewards", "standing"]
