from __future__ import annotations

from collections.abc import Iterator

from ecluse import errors
from ecluse.errors import EcluseError


def classes(base: type[EcluseError] = EcluseError) -> Iterator[type[EcluseError]]:
    for cls in base.__subclasses__():
        yield cls
        yield from classes(cls)


def test_error_classes_have_distinct_exit_codes() -> None:
    codes = [cls.exit_code for cls in classes() if cls.__module__ == errors.__name__]
    assert len(codes) == len(set(codes))


def test_exit_codes_avoid_those_of_shells_and_click() -> None:
    # 0 success, 2 a wrong command line (click), 70 a bug (sysexits.h), 126 and above shells and signals; 130 is SIGINT.
    codes = {cls.exit_code for cls in classes()} - {errors.Interrupted.exit_code}
    assert not codes & {0, 2, 70, *range(126, 256)}


def test_an_error_says_where_before_what() -> None:
    assert str(EcluseError("no such job", where="pipeline.py:3", hint="…")) == "pipeline.py:3: no such job"
    assert str(EcluseError("no such job")) == "no such job"
