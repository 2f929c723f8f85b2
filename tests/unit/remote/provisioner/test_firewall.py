"""The firewall: its rules."""

from ecluse.remote.provisioner import firewall


def test_firewall_opens_ssh_where_it_listens_and_the_given_ports(monkeypatch):
    monkeypatch.setattr(firewall, "run", lambda argv: "port 2222\naddressfamily any\n")
    rules = firewall.firewall_wanted({"ports": [443, 80]})
    assert "tcp dport { 80, 443, 2222 } accept" in rules and "policy drop" in rules
    # An empty Debian 12 has no /etc/services, by which nft would know the client of DHCPv6.
    assert "udp dport 546 accept" in rules
