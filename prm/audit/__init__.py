"""Who did what: the events read as an audit trail."""
