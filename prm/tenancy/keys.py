"""What a service says when a key that names one fact comes back with another fact."""


class KeyReused(ValueError):
    """The same key (external id, submission key, journal key) was used before for something else."""
