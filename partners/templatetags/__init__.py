"""Tags that lead to pages of partners."""
