"""The process manager: PostgreSQL, Valkey, web, worker and beat on one machine, from wheels alone.

Standard library only, and no Django: it must be able to say what is missing.
"""
