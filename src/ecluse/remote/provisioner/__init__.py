"""The program that provisions a server, as it is sent there: an archive that a Python runs.

It needs Debian's own Python alone: its modules import the standard library and each other, nothing else of Écluse.

The SSH server and the firewall could shut everybody out. Before they are changed a timer is set that takes the change
back; ``keep``, which only the administrator's new connection calls, stops it.
"""

__all__: list[str] = []
