"""Template tags of the partners package."""
