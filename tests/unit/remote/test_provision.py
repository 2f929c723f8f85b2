"""The program that provisions, as it is sent to the machine."""

import ast
import io
import json
import sys
import zipfile

from ecluse.remote.provision import archive


def test_program_imports_only_python_and_what_is_sent():
    program = zipfile.ZipFile(io.BytesIO(archive({})))
    sent = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in program.namelist()}
    modules = [name for name in program.namelist() if name.endswith(".py")]
    nodes = [node for name in modules for node in ast.walk(ast.parse(program.read(name)))]
    imported = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    assert "__main__" in sent and "ecluse.remote.provisioner.items" in imported
    assert {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names} <= sent


def test_long_order_and_its_secrets_are_sent_with_the_program():
    order = {"secrets": {"HOOK": "x" * 200_000}}
    assert json.loads(zipfile.ZipFile(io.BytesIO(archive(order))).read("order.json")) == order
