"""The swap file of the server."""

import pytest

from ecluse.remote.provisioner import swap


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine that has no swap; the programs that it ran."""
    monkeypatch.setattr(swap, "FILE", tmp_path / "ecluse" / "swap")
    monkeypatch.setattr(swap, "UNIT", tmp_path / "swap.unit")
    monkeypatch.setattr(swap, "USED", tmp_path / "swaps")
    ran = []

    def run(argv):
        ran.append(argv[0])
        if argv[0] in ("systemctl", "swapoff"):
            used = f"{swap.FILE} file 1024 0 -2\n" if argv[0] == "systemctl" else ""
            swap.USED.write_text("Filename Type Size Used Priority\n" + used)

    monkeypatch.setattr(swap, "run", run)
    return ran


def test_swap_is_made_once_and_for_root_alone(machine):
    item = swap.swap(1)
    assert "+1 MB" in item.change() and "+in use" in item.change()
    item.apply()
    assert item.change() == "" and swap.FILE.stat().st_size == 1 << 20 and swap.FILE.stat().st_mode & 0o777 == 0o600


def test_swap_of_another_size_is_made_anew(machine):
    swap.swap(1).apply()
    assert swap.swap(2).change() == "-1 MB\n+2 MB\n"
    del machine[:]
    swap.swap(2).apply()
    assert machine[:2] == ["mkswap", "swapoff"] and swap.FILE.stat().st_size == 2 << 20


def test_swap_without_space_leaves_nothing(machine, monkeypatch):
    def full(descriptor, offset, size):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(swap.os, "posix_fallocate", full)
    with pytest.raises(SystemExit, match="no swap file of 1 MB"):
        swap.swap(1).apply()
    assert list(swap.FILE.parent.iterdir()) == []
