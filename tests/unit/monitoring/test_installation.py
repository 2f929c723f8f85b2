"""The programs that watch a server: their files, and that they listen on its loopback alone."""

import ast
import json
import sys

from ecluse.definition.model import Environment
from ecluse.definition.monitoring import Monitoring, Receiver
from ecluse.monitoring.installation import PARTS, order
from ecluse.monitoring.texts import MARK

PRODUCTION = Environment(
    name="production",
    target="server",
    settings="shop.settings",
    url="https://shop.example/100%",
    host="shop.example",
    user="shop",
    monitoring=Monitoring(receivers=(Receiver("chat", slack_secret="CHAT"),)),
)


def test_every_part_listens_on_the_loopback_alone():
    files = order(PRODUCTION, "ecluse/shop-production", {})["files"]
    for part in PARTS:
        unit = files[f"/etc/systemd/system/{part.package}.service.d/ecluse.conf"]
        assert f"--web.listen-address=127.0.0.1:{part.port}" in unit and unit.count("listen-address") <= 2
        assert "\nEnvironment=GOGC=30\n" in unit
    assert all(MARK in text for text in files.values())


def test_secret_is_in_the_order_and_in_no_file():
    made = order(PRODUCTION, "ecluse/shop-production", {"CHAT": "https://chat.example/secret"})
    assert made["secrets"] == {"CHAT": "https://chat.example/secret"}
    assert "chat.example" not in json.dumps(made["files"])
    assert order(PRODUCTION, "ecluse/shop-production", {})["secrets"] == {"CHAT": None}


def test_environment_without_monitoring_orders_nothing():
    assert order(Environment(name="a", target="server", settings="s", url="u"), "ecluse/shop-a", {}) is None


def test_program_of_the_figures_needs_python_alone():
    text = order(PRODUCTION, "ecluse/shop-production", {})["files"]["/etc/ecluse/monitoring/site_figures.py"]
    nodes = list(ast.walk(ast.parse(text)))
    imported = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


def test_percent_sign_in_an_address_is_not_systemds():
    files = order(PRODUCTION, "ecluse/shop-production", {})["files"]
    assert '"https://shop.example/100%%"' in files["/etc/systemd/system/ecluse-figures.service"]
