"""The vendor's own settings and look: what a program admin may change about the tenant."""
