"""The reference pages list every field, error, command and option that there is."""

import dataclasses
import inspect
import re
from pathlib import Path

import click
import pytest

from ecluse import errors
from ecluse.cli import COMMANDS, cli
from ecluse.cli.explain import ADVICE
from ecluse.definition import model
from ecluse.services.kinds import KINDS
from tests.repository.test_signposts import misuse

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
INTERNAL = {"All", "Any", "Event", "Is", "Not", "Step"}  # written with words: any_of, push, command …
RECORDS = [name for name in model.__all__ if dataclasses.is_dataclass(getattr(model, name)) and name not in INTERNAL]


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    [found] = re.findall(rf"(?ms)^## (?:[^\n]*\W)?{title}(?:\W[^\n]*)?\n(.*?)(?=^## |\Z)", text)
    return str(found)


@pytest.mark.parametrize("name", RECORDS)
def test_reference_lists_every_field(name: str) -> None:
    fields = {field.name for field in dataclasses.fields(getattr(model, name))}
    pages = {
        "Job": (REFERENCE.parent / "how-to" / "add-a-job.md").read_text(encoding="utf-8"),
        "Output": section(page("pipeline.md"), "Outputs"),
    }
    text = pages.get(name) or section(page("pipeline.md"), name)
    assert fields - {"name", "description"} <= set(re.findall(r"\b\w+\b", " ".join(re.findall(r"`[^`]*`", text))))


def test_reference_names_the_variable_of_every_kind_of_service() -> None:
    text = section(page("pipeline.md"), "Service")
    assert not [kind for kind, record in KINDS.items() if f"`{kind}`" not in text or f"`{record.variable}`" not in text]


def test_exit_codes_of_the_reference_are_those_of_the_errors() -> None:
    listed = re.findall(r"^\| (\d+) \| `(\w+)` \|", page("exit-codes.md"), re.MULTILINE)
    assert sorted(
        (str(getattr(errors, name).exit_code), name) for name in errors.__all__ if name != "EcluseError"
    ) == sorted((code, name) for code, name in listed)


@pytest.mark.parametrize("code", ADVICE)
def test_exit_codes_of_the_reference_have_the_advice_of_explain(code: int) -> None:
    advice, more = ADVICE[code]
    text = section(page("exit-codes.md"), f"{code}:")
    assert advice in " ".join(text.split())
    [link] = re.findall(r"\]\(([^)]+)\)", text)
    assert (REFERENCE / link).resolve() == REFERENCE.parent / more


@pytest.mark.parametrize("name", COMMANDS)
def test_reference_lists_every_command_and_option(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    # The pages of images and databases explain their commands; cli.md links to them.
    text = page("cli.md") + page("images.md") + page("databases.md")
    assert re.search(rf"ecluse {name}\b", text), f"ecluse {name}"
    options = {
        max(parameter.opts, key=len)
        for item in (*getattr(command, "commands", {}).values(), command)
        for parameter in item.params
        if isinstance(parameter, click.Option)
    }
    assert not {option for option in options if not re.search(rf"{option}\b", text)}


def commands() -> list[tuple[str, click.Command]]:
    found = []
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        found.append((name, command))
        if isinstance(command, click.Group):
            found += [(f"{name} {inner}", item) for inner, item in command.commands.items()]
    return found


@pytest.mark.parametrize(("name", "command"), commands(), ids=lambda value: value if isinstance(value, str) else "")
def test_help_begins_with_an_example_that_click_accepts(name: str, command: click.Command) -> None:
    if isinstance(command, click.Group):
        pytest.skip("its commands have examples")
    first = inspect.cleandoc(command.help or "").split("\n\n")[0]
    assert first.startswith("\b\nExample"), command.help
    calls = [line for line in first.splitlines()[2:] if re.search(rf"ecluse {name}\b", line)]
    assert calls, first
    assert not [why for line in calls if (why := misuse(line))]
