"""A site's folder on its machine, and what is said about the commands that run there."""

import json

import pytest

from ecluse.remote.site import Order, RemoteRun, folder_of


@pytest.mark.parametrize(
    ("pipeline", "folder"),
    [
        ("shop", "ecluse/shop-production"),
        ("My shop; rm", "ecluse/My-shop--rm-production"),
        ("..", "ecluse/site-production"),
    ],
)
def test_folder_is_named_by_pipeline_and_environment(pipeline, folder):
    assert folder_of(pipeline, "production") == folder


def test_order_is_one_line_of_standard_input():
    order = Order(("deploy", "production"), "a\nb", {"TOKEN": "x\ny"}, "ann@laptop")
    assert order.as_json().count("\n") == 1
    assert json.loads(order.as_json()) == {
        "arguments": ["deploy", "production"],
        "definition": "a\nb",
        "variables": {"TOKEN": "x\ny"},
        "by": "ann@laptop",
    }


def test_run_is_read_from_what_the_machine_says():
    said = {"arguments": ["stop", "local"], "by": "ann@laptop", "began": 1.5, "goes_on": False, "code": 0, "seen": True}
    run = RemoteRun.of("1", json.loads(json.dumps(said)))
    assert (run.arguments, run.code, run.result) == (("stop", "local"), 0, "")
