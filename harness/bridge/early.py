"""Launches that were sent before their commands start, and their answers.

The wire carries one request at a time, so at most one of them awaits its answer; answers that came
before their command starts are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.base.errors import BackendError

if TYPE_CHECKING:
    from harness.bridge.messages import Launch, Reply


class EarlyLaunches:
    """At most one per instance.

    Attributes:
        awaited: The one whose answer has not been received.
    """

    def __init__(self) -> None:
        self.awaited: Launch | None = None
        self._answers: dict[int, tuple[Launch, Reply]] = {}

    def has_room(self, instance: int) -> bool:
        """Return whether another may be sent, for this instance."""
        return self.awaited is None and instance not in self._answers

    def sent(self, request: Launch) -> None:
        """Note that a Launch was sent."""
        self.awaited = request

    def answered(self, reply: Reply) -> None:
        """Keep the answer to the awaited one."""
        if self.awaited is not None:
            self._answers[self.awaited.instance] = (self.awaited, reply)
            self.awaited = None

    def take(self, request: Launch) -> Reply | None:
        """Return the answer to a command that starts now, if it was sent early.

        Raises:
            BackendError: The command starts with other bytes than it was sent with.
        """
        early, reply = self._answers.pop(request.instance, (None, None))
        if early is None:
            return None
        if early.command != request.command or early.data != request.data:
            raise BackendError(
                "the operands of a command changed after it was submitted",
                where=f"command {request.command_id} of accelerator {request.instance}",
                expected="a program that leaves them alone until the command ends",
                way_out="check the program's dependences",
            )
        return reply
