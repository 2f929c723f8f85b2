"""The parts of a server: their order."""

from ecluse.remote.provisioner.items import items

ORDER = {
    "administrator": "admin",
    "user": "shop",
    "keys": ["ssh-ed25519 AAAA"],
    "ports": [443, 80],
    "packages": ["tree"],
    "time_zone": "Europe/Paris",
    "swap": 512,
    "folder": "ecluse/shop-production",
    "environment": "production",
    "database": "shop-production",
    "tested": ["18"],
    "backup": {"every": "day", "variables": {}},
    "monitoring": {"services": {}},
    "front": None,
}


def test_parts_that_could_lock_out_come_last_and_are_guarded():
    guarded = [item.guarded for item in items(ORDER)]
    assert guarded == sorted(guarded) and sum(guarded) == 2


def test_administrator_may_become_root_as_soon_as_there_is_one():
    names = [item.name for item in items(ORDER)]
    assert names.index("sudo") < names.index("account admin") < names.index("account shop")
