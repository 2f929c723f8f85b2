"""The program that runs in a release: ``preflight``, ``migrate`` and ``warnings``. The first and the last print JSON on
a line after MARK.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from . import checks
from .apply import migrate
from .preflight import ServingRelease, preflight
from .report_mark import MARK

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Do what the command line says. Returns the exit code: 1 a check failed, 4 another migration is running."""
    parser = argparse.ArgumentParser(prog="migrations")
    commands = parser.add_subparsers(dest="command", required=True)
    before = commands.add_parser("preflight", help="the release's checks, and what it would do to its databases")
    before.add_argument("--deploy", action="store_true", help="with Django's checks for a deployment")
    before.add_argument("--known", metavar="ID", action="append", default=[], help="a warning that refuses nothing")
    before.add_argument("--serves", action="store_true", help="another release serves: judge for it")
    before.add_argument("--facts", metavar="FILE", help="what that release said of itself in its own preflight")
    before.add_argument("--server", metavar="ADDRESS", help="a throwaway PostgreSQL to make copies on")
    commands.add_parser("warnings", help="the warnings of Django's checks for a deployment")
    then = commands.add_parser("migrate", help="apply what is pending")
    for command in (before, then):
        command.add_argument("--make", action="store_true", help="make a database that is not there")
    options = parser.parse_args(arguments)

    import django

    django.setup()
    if options.command == "migrate":
        return migrate(makes=options.make)
    if options.command == "warnings":
        print(MARK + json.dumps(checks.warnings()))
        return 0
    facts = ServingRelease()
    if options.facts:
        facts = ServingRelease.from_json(json.loads(Path(options.facts).read_text(encoding="utf-8")))
    found = preflight(
        deploy=options.deploy,
        serves=options.serves,
        facts=facts,
        server=options.server,
        makes=options.make,
        known=options.known,
    )
    if found is None:
        return 1
    print(MARK + json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
