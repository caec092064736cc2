"""Counts checks, and keeps those that failed."""

import traceback

import yaml

checks = 0
problems = []


def expect(right, place, problem):
    """One check: whether it is right, and where and what is wrong if it is not."""
    global checks
    checks += 1
    if not right:
        problems.append(f"{place}: {problem}")
    return bool(right)


def equal(found, wanted, place, what):
    return expect(found == wanted, place, f"{what} is {found!r}, not {wanted!r}")


def whole(place, check, *arguments):
    """Runs a check of something that may lack what the check looks for; that is a finding too."""
    try:
        check(*arguments)
    except (AttributeError, LookupError, OSError, StopIteration, TypeError, ValueError, yaml.YAMLError) as error:
        at = traceback.extract_tb(error.__traceback__)[-1]
        expect(False, place, f"can not be checked: {type(error).__name__} {error} in {at.name}")
