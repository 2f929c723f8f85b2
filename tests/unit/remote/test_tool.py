"""The tool that is sent to a machine: named by its content, installed from the repository's lock."""

import io
import tarfile

import pytest

from ecluse.errors import RepositoryError
from ecluse.remote.tool import Tool

LOCK = """\
click==8.2.0 \\
    --hash=sha256:aa
    # via ecluse
ecluse[containers]==0.2.0 \\
    --hash=sha256:bb
uv==0.9.1 \\
    --hash=sha256:cc
"""


@pytest.fixture
def top(tmp_path):
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "ecluse.txt").write_text(LOCK)
    return tmp_path


def test_tool_is_script_sources_and_a_lock_without_itself(top):
    with tarfile.open(fileobj=io.BytesIO(Tool.of(top).archive())) as archive:
        names = archive.getnames()
        lock = archive.extractfile("requirements/ecluse.txt").read().decode()
        assert archive.getmember("ecluse").mode == 0o755
    assert lock == LOCK.replace("ecluse[containers]==0.2.0 \\\n    --hash=sha256:bb\n", "")
    assert "src/ecluse/remote/there.py" in names and "src/ecluse/bootstrap/ecluse.sh" in names
    assert not [name for name in names if "__pycache__" in name]


def test_name_of_the_tool_changes_with_the_lock_alone(top):
    before = Tool.of(top)
    assert Tool.of(top).digest == before.digest
    (top / "requirements" / "ecluse.txt").write_text(LOCK.replace("aa", "dd"))
    assert Tool.of(top).digest != before.digest
    assert Tool.of(top).lock_digest != before.lock_digest


def test_repository_without_lock_is_told_how_to_write_it(tmp_path):
    with pytest.raises(RepositoryError) as caught:
        Tool.of(tmp_path)
    assert caught.value.hint == "ecluse bootstrap writes it"
