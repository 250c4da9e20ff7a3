"""Ctrl-C and a request to end (SIGTERM): both unwind the work that is going on, as a failure would."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self


class Stopping:
    """Turns both signals into KeyboardInterrupt for as long as the block lasts, and remembers which one came.

    What is interrupted may put an error of its own in the interrupt's place; `asked` tells why it really ended.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.asked: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {one: signal.signal(one, self._interrupt) for one in self.SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)

    @property
    def exit_code(self) -> int:
        """128 and the signal's number, as shells count."""
        return 128 + (self.asked or signal.SIGINT)

    def _interrupt(self, number: int, _frame: FrameType | None) -> None:
        self.asked = signal.Signals(number)
        raise KeyboardInterrupt
