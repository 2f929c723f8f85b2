import pytest

from ecluse.testing.inability import why


class ServerError(Exception):
    pgcode = ""


def server_error(code: str, text: str) -> ServerError:
    error = ServerError(text)
    error.pgcode = code
    return error


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("0A000", 'extension "postgis" is not available'),
        ("0A000", "ICU is not supported in this build"),
        ("58P01", 'could not open extension control file "/x/uuid-ossp.control"'),
        ("42704", 'collation "fr-x-icu" for encoding "UTF8" does not exist'),
    ],
)
def test_missing_feature_is_reported_in_the_servers_words(code: str, text: str) -> None:
    error = RuntimeError("migration failed")
    error.__cause__ = server_error(code, f"{text}\nDETAIL: …")
    assert why(error) == text


@pytest.mark.parametrize(
    "error",
    [
        server_error("42P07", 'relation "a" already exists'),
        server_error("42704", 'type "colour" does not exist'),
        RuntimeError("a bug in a migration"),
    ],
)
def test_migration_error_is_not_a_missing_feature(error: Exception) -> None:
    assert why(error) is None
