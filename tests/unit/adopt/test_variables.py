"""The variables that a project's settings need, found with a project that is a function."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ecluse.adopt.asking import LoadFailure, SettingsReport, Subject
from ecluse.adopt.variables import PLACEHOLDER, examples, is_secret, needed
from ecluse.errors import AdoptError


class Settings(Subject):
    """Settings that need the variables *wanted*, and convert those in *numbers*; views that need those in *later*."""

    wanted: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    later: tuple[str, ...] = ()

    def ask(self, variables: Mapping[str, str], settings: str = "", *, check: bool = False) -> SettingsReport:
        asked: dict[str, bool] = {}
        for name in self.wanted:
            asked[name] = name not in variables
            if name not in variables:
                return SettingsReport(False, asked=asked, failure=LoadFailure("KeyError", f"'{name}'"))
            if name in self.numbers and not variables[name].isdigit():
                text = f"invalid literal for int() with base 10: {variables[name]!r}"
                return SettingsReport(False, asked=asked, failure=LoadFailure("ValueError", text))
        for name in self.later if check else ():
            asked[name] = name not in variables
            if name not in variables:
                kind = "OperationalError" if name == "A_TABLE" else "KeyError"
                return SettingsReport(True, asked=asked, unchecked=LoadFailure(kind, "not there"))
        return SettingsReport(True, asked=asked)


def settings(*wanted: str, numbers: tuple[str, ...] = (), later: tuple[str, ...] = ()) -> Settings:
    made = Settings(Path("/none"), ".", Path("/none/python"), {})
    object.__setattr__(made, "wanted", wanted)
    object.__setattr__(made, "numbers", numbers)
    object.__setattr__(made, "later", later)
    return made


def test_settings_that_need_nothing_get_nothing() -> None:
    assert needed(settings(), {}).given == {}


def test_each_missing_variable_is_given() -> None:
    found = needed(settings("SECRET_KEY", "SITE_URL"), {})
    assert found.given == {"SECRET_KEY": PLACEHOLDER, "SITE_URL": "http://127.0.0.1"}
    assert found.secrets == ("SECRET_KEY",)


def test_settings_module_is_given_before_what_its_error_names() -> None:
    class Unconfigured(Settings):
        def ask(self, variables: Mapping[str, str], settings: str = "", *, check: bool = False) -> SettingsReport:
            text = "Requested setting INSTALLED_APPS: define the environment variable DJANGO_SETTINGS_MODULE"
            failure = LoadFailure("ImproperlyConfigured", text)
            asked = {"DOTENV": True}
            return SettingsReport("DJANGO_SETTINGS_MODULE" in variables, asked=asked, failure=failure)

    known = {"DJANGO_SETTINGS_MODULE": "shop.settings"}
    assert needed(Unconfigured(Path("/none"), ".", Path("/none/python"), {}), known).given == known


def test_example_of_the_project_is_taken_first() -> None:
    assert needed(settings("SITE_NAME"), {"SITE_NAME": "Shop"}).given == {"SITE_NAME": "Shop"}


def test_example_of_a_secret_is_not_taken() -> None:
    assert needed(settings("API_TOKEN"), {"API_TOKEN": "real"}).given == {"API_TOKEN": PLACEHOLDER}


def test_value_of_the_wrong_kind_is_replaced() -> None:
    assert needed(settings("WORKERS", numbers=("WORKERS",)), {}).given == {"WORKERS": "1"}


def test_variables_are_tried_until_the_checks_pass() -> None:
    found = needed(settings("SITE_NAME", later=("PAYMENT_URL", "MAP_URL")), {})
    assert list(found.given) == ["SITE_NAME", "PAYMENT_URL", "MAP_URL"]
    assert found.answer.unchecked is None


def test_checks_that_no_variable_mends_get_none() -> None:
    found = needed(settings("SITE_NAME", later=("MAP_URL", "A_TABLE")), {})
    assert list(found.given) == ["SITE_NAME"]
    assert found.answer.unchecked is not None


def test_settings_that_never_load_are_refused_with_the_reason() -> None:
    subject = settings()
    object.__setattr__(
        subject,
        "ask",
        lambda variables, settings="", check=False: SettingsReport(
            False, failure=LoadFailure("ImportError", "no module named shop")
        ),
    )
    with pytest.raises(AdoptError, match="no module named shop"):
        needed(subject, {})


@pytest.mark.parametrize("name", ["SECRET_KEY", "DB_PASSWORD", "AWS_ACCESS_KEY_ID", "SENTRY_DSN", "API_TOKEN"])
def test_secret_is_told_by_its_name(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["DEBUG", "ALLOWED_HOSTS", "SITE_URL", "DB_NAME"])
def test_plain_variable_is_no_secret(name: str) -> None:
    assert not is_secret(name)


def test_examples_are_read_without_placeholders(tmp_path: Path) -> None:
    text = "export A=1\n# B=2\nC='x y'  # why\nKEY=<your key>\nEMPTY=\n  D=4\r\n"
    (tmp_path / ".env.example").write_text(text, encoding="utf-8")
    assert examples(tmp_path, ".") == {"A": "1", "C": "x y", "D": "4"}
