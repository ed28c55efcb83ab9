"""When the vendor works: hours of the week, public holidays, days closed; promises are kept in these hours."""
