"""How often one address of the net may do something on a public page; counted in the cache, kept when Redis is away."""

import ipaddress
import time

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest


def is_within(request: HttpRequest, *, what: str, most: int, seconds: int) -> bool:
    """Count one more of `what` for the visitor's address, and tell whether it is still within the limit.

    most: how many in each window of `seconds`, fixed windows. An IPv6 visitor is its /64 network.
    """
    window = int(time.time()) // seconds
    key = f"limit:{what}:{_network(request)}:{window}"
    # Counted in one step: of those who ask at the same moment each is one more.
    cache.add(key, 0, seconds)
    try:
        return cache.incr(key) <= most
    except ValueError:  # its window ended between the two
        return True


def _network(request: HttpRequest) -> str:
    text = str(get_adapter().get_client_ip(request))
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text[:64]
    if address.version == 6:
        return str(ipaddress.ip_network(f"{address}/64", strict=False).network_address)
    return str(address)
