"""The invented world of `make demo`: two vendors, their people and a year of history."""
