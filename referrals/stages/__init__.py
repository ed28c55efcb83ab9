"""A program's own pipeline: names, order, moves and retirement of its stages."""
