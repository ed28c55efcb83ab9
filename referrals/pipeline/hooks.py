"""What other slices do, or forbid, in the transaction in which a referral is taken in or moved."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from prm.events.services import Actor

if TYPE_CHECKING:
    from referrals.pipeline.models import Referral, Stage, StageChange


class MoveRefused(Exception):
    """A move, or a submission, that a rule forbids; the text, in the reader's language, says why and what to do."""


@dataclass(frozen=True)
class Moving:
    """A move about to be made: the locked referral still stands where it stood."""

    referral: "Referral"
    to_stage: "Stage"
    actor: Actor
    at: datetime
    reason: str


BeforeMove = Callable[[Moving], None]
AfterMove = Callable[["Referral", "StageChange", Actor, datetime], None]
AfterSubmit = Callable[["Referral", Actor, datetime], None]
Hook = TypeVar("Hook")
_before_move: list[BeforeMove] = []
_after_move: list[AfterMove] = []
_after_submit: list[AfterSubmit] = []


def before_move(hook: BeforeMove) -> BeforeMove:
    """Register what may forbid a move by raising MoveRefused; nothing has been written yet."""
    return _add(_before_move, hook)


def after_move(hook: AfterMove) -> AfterMove:
    """Register what follows from a move, in its transaction; raising MoveRefused takes the move back."""
    return _add(_after_move, hook)


def after_submit(hook: AfterSubmit) -> AfterSubmit:
    """Register what follows from a new referral, in its transaction; imports of the past do not run it."""
    return _add(_after_submit, hook)


def _add(hooks: list[Hook], hook: Hook) -> Hook:
    if hook not in hooks:
        hooks.append(hook)
    return hook


def run_before_move(moving: Moving) -> None:
    """Run every hook in the order of registration."""
    for hook in _before_move:
        hook(moving)


def run_after_move(referral: "Referral", change: "StageChange", actor: Actor, at: datetime) -> None:
    """Run every hook in the order of registration."""
    for hook in _after_move:
        hook(referral, change, actor, at)


def run_after_submit(referral: "Referral", actor: Actor, at: datetime) -> None:
    """Run every hook in the order of registration."""
    for hook in _after_submit:
        hook(referral, actor, at)
