from __future__ import annotations

from ecluse.run.assertion import as_diff

PYTEST = """\
def test_two():
>       assert [1] == [2]
E       assert [1] == [2]
E
E         - 2 <b>
E         + 1

tests/test_a.py:7: AssertionError"""

UNITTEST = """Traceback (most recent call last):
  File "tests.py", line 3, in test
    self.assertEqual("a", "b")
AssertionError: 'a' != 'b'
- a
+ b
"""


def test_diff_of_pytest_is_its_marked_lines_escaped() -> None:
    assert as_diff(PYTEST) == (
        'assert [1] == [2]\n\n  <span class="minus">  - 2 &lt;b&gt;</span>\n  <span class="plus">  + 1</span>'
    ).replace("  <span", "<span")


def test_diff_of_unittest_follows_its_last_traceback() -> None:
    assert as_diff(UNITTEST) == (
        "AssertionError: &#x27;a&#x27; != &#x27;b&#x27;\n"
        '<span class="minus">- a</span>\n<span class="plus">+ b</span>'
    )


def test_diff_of_a_text_without_assertion_is_empty() -> None:
    assert as_diff("collection failed") == ""
