"""The ground under every page: formats, icons, tables, pages of lists, forms, charts, exports, htmx answers."""
