"""Count the tests of a project that Django's test command would run, in the project's own Python.

    python count_tests.py FOLDER [LABEL …]

FOLDER has manage.py; DJANGO_SETTINGS_MODULE names the settings. Prints the number last. No database is asked.
"""

from __future__ import annotations

import os
import sys

os.chdir(sys.argv[1])
sys.path[0] = sys.argv[1]


def main() -> None:
    import django
    from django.conf import settings
    from django.test.utils import get_runner

    django.setup()
    labels = [word for word in sys.argv[2:] if not word.startswith("-")]
    print(get_runner(settings)().build_suite(labels).countTestCases())


main()
