import pytest


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    """/healthcheck/ writes a file where uploads are kept, and takes it away again."""
    settings.MEDIA_ROOT = tmp_path
