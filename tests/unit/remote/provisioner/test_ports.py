"""The ports of the machine: who has one, and the port of the site."""

import pytest

from ecluse.remote.provisioner import ports

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
LINE = (
    "   0: {address}:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000     0        0 {inode} 1\n"
)
ORDER = {"user": "shop", "folder": "ecluse/shop-live", "environment": "live"}


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine where python listens on port 80, nginx on 443, and a connection to port 90 is open."""
    (tmp_path / "net").mkdir()
    listens = LINE.format(address="00000000", port=80, state="0A", inode=11)
    connected = LINE.format(address="0100007F", port=90, state="01", inode=12)
    (tmp_path / "net" / "tcp").write_text(HEAD + listens + connected)
    (tmp_path / "net" / "tcp6").write_text(HEAD + LINE.format(address="0" * 32, port=443, state="0A", inode=13))
    for number, name, inode in ((1, "python3", 11), (2, "nginx", 13)):
        (tmp_path / str(number) / "fd").mkdir(parents=True)
        (tmp_path / str(number) / "comm").write_text(f"{name}\n")
        (tmp_path / str(number) / "fd" / "3").symlink_to(f"socket:[{inode}]")
    (tmp_path / "sites").mkdir()
    monkeypatch.setattr(ports, "PROC", tmp_path)
    monkeypatch.setattr(ports, "SITES", tmp_path / "sites")
    monkeypatch.setattr(ports, "exists", lambda account: True)
    monkeypatch.setattr(ports, "as_account", lambda *arguments, **more: "")
    return tmp_path


def test_port_of_another_program_is_refused_with_its_name(machine):
    with pytest.raises(SystemExit, match=r"port 80 is taken by python3 \(process 1\)"):
        ports.refuse_taken((80, 443))
    ports.refuse_taken((443, 90))


def test_site_gets_the_next_port_that_nobody_has(machine, monkeypatch):
    (machine / "sites" / "other").write_text("proxy_pass http://127.0.0.1:8000;")
    (machine / "net" / "tcp").write_text(HEAD + LINE.format(address="0100007F", port=8001, state="0A", inode=1))
    assert ports.port_of_site(ORDER) == 8002
    assert ports.site_port(ORDER).change() == "+127.0.0.1:8002\n"


@pytest.mark.parametrize(
    ("text", "port"), [('{"host": "127.0.0.1", "port": 8123}', 8123), ("8005\n", 8005), ("{", 8000), ("99999", 8000)]
)
def test_port_that_was_decided_stays(machine, monkeypatch, text, port):
    monkeypatch.setattr(ports, "as_account", lambda *arguments, **more: text)
    assert ports.port_of_site(ORDER) == port
