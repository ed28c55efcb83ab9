"""Which handlers listen to which event names."""

from collections import defaultdict
from collections.abc import Callable

from prm.events.models import Event

Handler = Callable[[Event], None]
_handlers: dict[str, dict[str, Handler]] = defaultdict(dict)


def on(event_name: str, *, name: str) -> Callable[[Handler], Handler]:
    """Register a handler under a permanent name; it runs in the worker, inside the tenant's scope.

    A handler writes rows only (no network) and is run at most once per event.
    """

    def register(handler: Handler) -> Handler:
        if name in _handlers[event_name]:
            raise ValueError(f"the handler {name} of {event_name} is registered twice")
        _handlers[event_name][name] = handler
        return handler

    return register


def handlers_of(event_name: str) -> dict[str, Handler]:
    """Return the handlers of an event by name."""
    return dict(_handlers.get(event_name, {}))
