from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecluse.run.ansi import as_html, as_terminal, as_text


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("\x1b[31mred\x1b[0m plain", '<span class="red">red</span> plain'),
        ("\x1b[1;32mboth\x1b[22mgreen", '<span class="bold green">both</span><span class="green">green</span>'),
        ("\x1b[91mbright\x1b[39mend", '<span class="red">bright</span>end'),
        ("\x1b[38;5;1;1mbold", '<span class="bold">bold</span>'),
        ("\x1b[2K\x1b[1A\x1b]8;;http://x\x07link\x1b]8;;\x07", "link"),
        ("<script>alert('&')</script>", "&lt;script&gt;alert(&#x27;&amp;&#x27;)&lt;/script&gt;"),
        ('\x1b[31m" onload="x\x1b[m', '<span class="red">&quot; onload=&quot;x</span>'),
        ("a\x00\x08\x7fb", "ab"),
    ],
)
def test_colours_become_spans_and_everything_else_is_text(text: str, html: str) -> None:
    assert as_html(text) == html


@given(st.text(st.sampled_from("\x1b[]m0123456789;<>&\"'aA\x07\\\r\n\x00"), max_size=60))
def test_html_of_any_output_is_well_formed(text: str) -> None:
    element = ElementTree.fromstring(f"<pre>{as_html(text)}</pre>")
    assert all(
        child.tag == "span" and list(child.attrib) == ["class"] for child in element.iter() if child is not element
    )
    assert "\x1b[" not in "".join(element.itertext())


def test_rewritten_line_of_a_progress_bar_keeps_its_last_state() -> None:
    assert as_text("10 %\r50 %\r100 %\r\nnext") == "100 %\nnext"


@pytest.mark.parametrize(
    "text",
    [
        "\x1b]0;title\x07end",
        "\x1b]8;;http://x\x1b\\end\x1b]8;;\x1b\\",
        "\x1b]0;a title that nothing ends\nend",
        "\x1bPq#0;2;0;0;0\x1b\\end",
        "\x9d0;title\x9cend",
        "\x9b2Jend",
        "\x1b[2J\x1b[1A\x1b[?25lend",
        "\x1bcend\x1b7\x1b(B",
        "50 %\rend",
        "\x07\x08end\x0e",
    ],
)
def test_terminal_is_given_nothing_but_text(text: str) -> None:
    assert as_terminal(text).strip().removesuffix("\x1b[0m").strip() == "end"
    assert as_text(text).strip() == "end"


def test_terminal_is_given_colours_that_end_with_the_text() -> None:
    assert as_terminal("\x1b[1;31mred\x1b[?7m") == "\x1b[1;31mred\x1b[0m"
    assert as_terminal("plain") == "plain"


@given(st.text(st.sampled_from("\x1b[]mPX^_0123456789;?<aA\x07\x9b\x9d\x9c\\\r\n\x00"), max_size=60))
def test_terminal_sees_no_other_sequence_than_colours(text: str) -> None:
    rest = re.sub(r"\x1b\[[\d;:]*m", "", as_terminal(text))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", rest)
