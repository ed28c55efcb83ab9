"""Commissions: what partners earn and are paid."""
