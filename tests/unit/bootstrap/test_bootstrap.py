from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import pytest

from ecluse import bootstrap
from ecluse.bootstrap import LOCK, SCRIPT, VENDOR, write
from ecluse.errors import RepositoryError
from ecluse.machine import process
from tests.support.doubles.programs import Call, Programs

COMPILED = """ecluse[containers]==0.3.0 \\
    --hash=sha256:of-what-an-index-has \\
    --hash=sha256:and-its-sdist
rich==15.0.0 \\
    --hash=sha256:abc
"""


@pytest.fixture
def uv(monkeypatch: pytest.MonkeyPatch) -> Programs:
    def compile(call: Call) -> str:
        (call.options["cwd"] / call.argv[call.argv.index("--output-file") + 1]).write_text(COMPILED)
        return ""

    programs = Programs()
    programs.answers[process.quote(bootstrap.tool("uv", "pip", "compile"))] = compile
    return programs.take_over(monkeypatch)


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "ecluse-0.3.0-py3-none-any.whl").write_bytes(b"a wheel")
    return tmp_path / "dist" / "ecluse-0.3.0-py3-none-any.whl"


def test_wheel_stands_beside_a_lock_with_its_hash_alone(tmp_path: Path, wheel: Path, uv: Programs) -> None:
    top = tmp_path / "project"
    (top / VENDOR).mkdir(parents=True)
    (top / VENDOR / "ecluse-0.1.0-py3-none-any.whl").touch()
    assert write(top, {}, wheel=wheel) == (SCRIPT, LOCK, f"{VENDOR}/{wheel.name}")
    assert [path.name for path in (top / VENDOR).iterdir()] == [wheel.name]
    lock = (top / LOCK).read_text()
    assert re.findall("sha256:(.*)", lock.partition("rich")[0]) == [hashlib.sha256(b"a wheel").hexdigest()]
    assert "rich==15.0.0 \\\n    --hash=sha256:abc\n" in lock
    (call,) = uv.calls
    assert call.options["input"] == "ecluse[containers]==0.3.0\n"
    assert {"--universal", "--generate-hashes", "--no-emit-index-url"} < {*call.argv}


def test_script_is_executable_and_the_only_copy(tmp_path: Path, wheel: Path, uv: Programs) -> None:
    write(tmp_path, {}, wheel=wheel)
    assert os.access(tmp_path / SCRIPT, os.X_OK)
    assert (tmp_path / SCRIPT).read_bytes() == Path(bootstrap.__file__).with_name("ecluse.sh").read_bytes()


def test_wheel_that_is_gone_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Installed:
        def read_text(self, name: str) -> str:
            return '{"url": "file:///gone/ecluse-0.3.0-py3-none-any.whl"}'

    monkeypatch.setattr(bootstrap, "distribution", lambda name: Installed())
    with pytest.raises(RepositoryError, match="/gone/ecluse-0.3.0-py3-none-any.whl, which is gone") as raised:
        write(tmp_path, {})
    assert "--wheel" in str(raised.value.hint)
