from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecluse.run.ansi import as_html, as_text


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
