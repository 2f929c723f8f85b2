from __future__ import annotations

import re

from ecluse.providers.gitlab.log import Section


def test_gitlab_section_ends_by_the_name_it_began_with() -> None:
    section = Section("tests (3.13, 5.2)")
    start = re.fullmatch(r"section_start:\d+:(\S+)\r\033\[0Ktests \(3.13, 5.2\)\n", section.start())
    end = re.fullmatch(r"section_end:\d+:(\S+)\r\033\[0K\n", section.end())
    assert start and end and start[1] == end[1] == "tests-3.13-5.2"
