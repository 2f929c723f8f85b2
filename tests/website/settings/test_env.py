import pytest

from settings.env import Environment


def problems(env: Environment, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as exit:
        env.refuse("settings.test")
    assert exit.value.code == 3  # gunicorn's "worker failed to boot": it then stops, and starts no more
    return capsys.readouterr().err


def test_refuse_without_problems_does_nothing():
    env = Environment({"A": "1"})
    assert env.text("A") == "1"
    env.refuse("settings.test")


@pytest.mark.parametrize(("written", "meant"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("No", False)])
def test_a_boolean_is_read_as_people_write_it(written, meant):
    assert Environment({"A": written}).boolean("A", not meant) is meant


def test_invalid_boolean_is_a_problem_not_false(capsys):
    env = Environment({"DJANGO_DEBUG": "flase"})
    assert env.boolean("DJANGO_DEBUG", True) is True
    assert "DJANGO_DEBUG is 'flase'" in problems(env, capsys)


@pytest.mark.parametrize("written", ["ten", "-1", "1.5", "²"])
def test_invalid_number_is_a_problem(written, capsys):
    env = Environment({"SECONDS": written})
    assert env.number("SECONDS", 60) == 60
    assert "SECONDS" in problems(env, capsys)


def test_setting_accepts_only_its_choices(capsys):
    env = Environment({"LEVEL": "warning", "OTHER": "loud"})
    assert env.choice("LEVEL", "INFO", ("INFO", "WARNING")) == "WARNING"
    assert env.choice("NONE", "INFO", ("INFO", "WARNING")) == "INFO"
    assert env.choice("OTHER", "INFO", ("INFO", "WARNING")) == "INFO"
    assert "OTHER is 'LOUD', none of INFO, WARNING" in problems(env, capsys)


def test_an_empty_variable_counts_as_not_set():
    env = Environment({"A": "", "A_FILE": ""})
    assert (env.text("A", "x"), env.boolean("A", True), env.number("A", 7), env.names("A", ["y"])) == (
        "x",
        True,
        7,
        ["y"],
    )
    assert not env.given("A")


def test_names_stand_between_commas_and_spaces():
    assert Environment({"A": " a.example, b.example ,,"}).names("A") == ["a.example", "b.example"]


def test_value_that_begins_with_a_dollar_is_kept():
    assert Environment({"KEY": "$HOME"}).text("KEY") == "$HOME"


def test_value_from_a_file_loses_only_its_line_end(tmp_path):
    file = tmp_path / "key"
    file.write_text(" s3cret \n")
    env = Environment({"KEY_FILE": str(file)})
    assert env.text("KEY") == " s3cret "
    assert env.given("KEY")


def test_a_file_that_cannot_be_read_is_a_problem_told_once(tmp_path, capsys):
    env = Environment({"KEY_FILE": str(tmp_path / "nowhere")})
    env.text("KEY")
    env.text("KEY")
    told = problems(env, capsys)
    assert told.count("cannot be read: No such file or directory") == 1
    assert "1 problem," in told


@pytest.mark.parametrize(("content", "reason"), [(b"", "is empty"), (b"\n", "is empty"), (b"\xff\xfe", "not UTF-8")])
def test_a_file_without_a_value_is_a_problem(tmp_path, capsys, content, reason):
    file = tmp_path / "key"
    file.write_bytes(content)
    env = Environment({"KEY_FILE": str(file)})
    env.text("KEY")
    assert reason in problems(env, capsys)


def test_a_value_given_twice_is_a_problem_that_shows_neither(tmp_path, capsys):
    file = tmp_path / "key"
    file.write_text("one-secret")
    env = Environment({"KEY": "other-secret", "KEY_FILE": str(file)})
    env.text("KEY")
    told = problems(env, capsys)
    assert "KEY and KEY_FILE are both set" in told
    assert "secret" not in told


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("postgres://u:p%40s@h:5433/n", {"HOST": "h", "PORT": 5433, "USER": "u", "PASSWORD": "p@s", "NAME": "n"}),
        ("postgresql://h/n?sslmode=require", {"HOST": "h", "NAME": "n", "OPTIONS": {"sslmode": "require"}}),
        ("postgres://me@/n?host=/run/pg", {"HOST": "/run/pg", "USER": "me", "NAME": "n", "OPTIONS": {}}),
        ("postgres:///n?host=/run/pg&port=7&user=me", {"HOST": "/run/pg", "PORT": "7", "USER": "me", "NAME": "n"}),
        ("sqlite:////srv/site.sqlite3", {"ENGINE": "django.db.backends.sqlite3", "NAME": "/srv/site.sqlite3"}),
    ],
)
def test_the_address_of_a_database_is_read(address, expected):
    found = Environment({"DATABASE_URL": address}).database("DATABASE_URL")
    assert found is not None
    assert found.items() >= expected.items()


@pytest.mark.parametrize(
    "address",
    [
        "nonsense",
        "mysql://u:hunter2@h/n",
        "postgres://u:hunter2@h:port/n",
        "postgres://u:hunter2/x@h/n",
        "postgres://u:hunter2@h/",
    ],
)
def test_invalid_database_address_hides_its_password(address, capsys):
    env = Environment({"DATABASE_URL": address})
    assert env.database("DATABASE_URL") is None
    told = problems(env, capsys)
    assert "DATABASE_URL" in told
    assert "hunter2" not in told


@pytest.mark.parametrize(
    "dsn", ["sentry.example", "https://sentry.example/1", "https://key@sentry.example/", "key@h/1"]
)
def test_invalid_sentry_address_is_a_problem(dsn, capsys):
    env = Environment({"SENTRY_DSN": dsn})
    assert env.dsn("SENTRY_DSN") == ""
    assert "SENTRY_DSN" in problems(env, capsys)


def test_the_address_of_a_sentry_project_is_taken():
    assert (
        Environment({"SENTRY_DSN": "https://k@o1.sentry.example/42"}).dsn("SENTRY_DSN")
        == "https://k@o1.sentry.example/42"
    )


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("smtp+tls://me:p%40s@mail.example", {"host": "mail.example", "port": 587, "use_tls": True, "password": "p@s"}),
        ("smtp+ssl://mail.example", {"port": 465, "use_ssl": True, "use_tls": False, "username": ""}),
        ("smtp://mail.example:2525", {"port": 2525, "use_ssl": False, "timeout": 10}),
    ],
)
def test_the_address_of_a_mail_server_is_read(address, expected):
    mailer = Environment({"EMAIL_URL": address}).mail("EMAIL_URL", "consolemail://")
    assert mailer["BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert mailer["OPTIONS"].items() >= expected.items()


def test_mails_are_printed_without_a_mail_server():
    mailer = Environment({}).mail("EMAIL_URL", "consolemail://")
    assert mailer == {"BACKEND": "django.core.mail.backends.console.EmailBackend", "OPTIONS": {}}


@pytest.mark.parametrize("address", ["mail.example", "smtp://", "imap://u:hunter2@h", "smtp://u:hunter2@h:port"])
def test_invalid_mail_address_hides_its_password(address, capsys):
    env = Environment({"EMAIL_URL": address})
    assert env.mail("EMAIL_URL", "consolemail://") == {}
    told = problems(env, capsys)
    assert "EMAIL_URL is no address of a mail server" in told
    assert "hunter2" not in told
