"""Many claims tested: a few right here, many by helpers of their own that share the processors.

The results are the same wherever they are made: numbers are kept to ten digits, because the last ones depend on how
many threads the linear algebra uses.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from typing import IO, TypeVar

from kpi_pipeline.evidence import Claim, Tested, Window

T = TypeVar("T")

FEW = 24
"""So many claims take less time than helpers take to start."""
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""NOTE: the matrices are small; threads within a test cost four times the work and gain nothing."""


def tested_claims(claims: Sequence[Claim], done: Callable[[], object]) -> list[Tested]:
    """What was measured for each claim, in order; `done` is called after each of them."""
    workers = min(os.cpu_count() or 1, len(claims) // FEW)
    if workers < 1 or not sys.executable:
        return list(_tested_here(claims, done))
    parts = [claims[first::workers] for first in range(workers)]
    with ThreadPoolExecutor(workers) as pool:
        found = list(pool.map(lambda part: list(_tested_by_a_helper(part, done)), parts))
    return [found[place % workers][place // workers] for place in range(len(claims))]


def _tested_here(claims: Sequence[Claim], done: Callable[[], object]) -> Iterator[Tested]:
    from kpi_pipeline.evidence.protocol import test

    for claim in claims:
        yield to_ten_digits(test(claim))
        done()


def _tested_by_a_helper(claims: Sequence[Claim], done: Callable[[], object]) -> Iterator[Tested]:
    """What a helper could not do, such as after it was killed, is done here."""
    places = os.pathsep.join(filter(None, sys.path))
    environment = os.environ | ONE_THREAD | {"PYTHONPATH": places}
    helper = subprocess.Popen(  # noqa: S603  # NOTE: this very program
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    count = 0
    with helper:
        if helper.stdin and helper.stdout:
            try:
                pickle.dump(list(claims), helper.stdin)
                helper.stdin.close()
                for tested in _received(helper.stdout):
                    count += 1
                    yield tested
                    done()
            except BrokenPipeError:
                pass
            finally:
                helper.kill()
    yield from _tested_here(claims[count:], done)


def _received(stream: IO[bytes]) -> Iterator[Tested]:
    while True:
        try:
            yield pickle.load(stream)  # noqa: S301  # NOTE: our own helper wrote it
        except (EOFError, pickle.UnpicklingError):
            return


def help_testing() -> None:
    """What a helper does: claims come in on standard input, results go out one by one."""
    claims: list[Claim] = pickle.load(sys.stdin.buffer)  # noqa: S301  # NOTE: the run that started us wrote it
    for tested in _tested_here(claims, lambda: None):
        pickle.dump(tested, sys.stdout.buffer)
        sys.stdout.buffer.flush()


def to_ten_digits(tested: Tested) -> Tested:
    """The same with every number to ten digits.

    >>> to_ten_digits(Tested(1, 1, skill=0.12345678901234, correlations=(1 / 3,))).correlations
    (0.3333333333,)
    """
    numbers = {one.name: _short(getattr(tested, one.name)) for one in fields(Tested)}
    windows = tuple(
        Window(one.first, one.last, _short(one.correlation), _short(one.p_value), one.holds) for one in tested.windows
    )
    return replace(tested, **numbers | {"windows": windows})


def _short(value: T) -> T:
    if isinstance(value, float):
        return float(f"{value:.10g}")  # type: ignore[return-value]
    if isinstance(value, tuple) and all(isinstance(one, float) for one in value):
        return tuple(float(f"{one:.10g}") for one in value)  # type: ignore[return-value]
    return value


if __name__ == "__main__":
    help_testing()
