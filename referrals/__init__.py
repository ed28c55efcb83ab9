"""Referrals: what partners bring."""
