"""Amounts of refined rewards from their stored inputs: what the engine books and what proves it later."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal

from commissions.plans.shapes import Facts, Math, Part, Trace
from commissions.plans.terms import Bands, Policy
from prm.money import portion_minor, share_minor


def part_of(whole_minor: int, *, now: int, before: int, of: int) -> int:
    """Return what a part of a payment carries of an amount: half-even on the running total, so that parts add up."""
    return _share(whole_minor, before + now, of) - _share(whole_minor, before, of)


def booked_as(facts: Facts, policy: Policy) -> Facts | None:
    """Return an event as a version with the policy sees it, None when it is nothing to it.

    On invoice a booked payment counts whole and money that comes in later not at all; on cash the other way round.
    """
    if facts.received_minor is None:
        return facts
    if policy.basis == "cash":
        return replace(facts, trigger="revenue") if facts.trigger == "receipt" else None
    return replace(facts, received_minor=None) if facts.trigger == "revenue" else None


def inputs_of(facts: Facts, policy: Policy) -> Math:
    """Return the amounts of an event that a version with the policy computes with."""
    net = policy.base == "net"
    return Math(
        gross_minor=facts.base.minor,
        tax_minor=facts.tax_minor if net else 0,
        discount_minor=facts.discount_minor if net else 0,
        received_minor=facts.received_minor,
        received_before_minor=facts.received_before_minor,
    )


def base_of(math: Math) -> int:
    """Return what a percentage is taken of, in minor units."""
    return _received(math, math.gross_minor - math.tax_minor - math.discount_minor)


def parts_in(bands: Bands, *, before: int, own: int) -> Iterator[Part]:
    """Yield the stretches of an event by band; `own` is its measure, `before` what came before it.

    A whole event lies in the band that its end reaches; a marginal one is cut at each band's start.
    """
    end = before + own
    for band, later in zip(bands.bands, [*bands.bands[1:], None], strict=True):
        top = later.start if later else max(end, band.start)
        if bands.mode == "whole":
            size = own if band.start < end <= top or (end <= 0 and band.start == 0) else 0
        else:
            size = min(end, top) - max(before, band.start)
        if size > 0:
            yield Part(size, band.rate, band.amount_minor)


def whole_minor(trace: Trace) -> int:
    """Return the reward by its stored inputs, before it is split over several partners; not below zero."""
    math = trace.math or Math()
    if math.bands:
        amount = _in_bands(trace, math, math.bands)
    elif trace.reward == "fixed":
        amount = _received(math, math.fixed_minor or 0)
    else:
        amount = share_minor(base_of(math), Decimal(trace.rate))
    amount = max(0, amount - math.deducted_minor)
    for use in math.caps:
        amount = min(amount, max(0, use.cap.minor - use.used_minor))
    return amount


def _in_bands(trace: Trace, math: Math, bands: Bands) -> int:
    base = base_of(math)
    counts = bands.measure == "count"
    own = 1 if counts else base
    total = Decimal(0)
    for part in parts_in(bands, before=math.measured, own=own):
        if part.amount_minor is not None:
            total += _received(math, part.amount_minor)
        else:
            total += Decimal(base if counts else part.size) * (
                part.rate or Decimal(trace.rate or 0)
            )
    return int(total.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def _received(math: Math, minor: int) -> int:
    if math.received_minor is None:
        return minor
    return part_of(
        minor, now=math.received_minor, before=math.received_before_minor, of=math.gross_minor
    )


def _share(whole: int, part: int, of: int) -> int:
    if part >= of:
        return whole
    return portion_minor(whole, part, of) if part > 0 else 0
