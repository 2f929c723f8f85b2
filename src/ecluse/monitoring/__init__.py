"""Watching what serves: figures, the policies by which people are told of them, and the files of the programs that do
so (Prometheus, Alertmanager, their exporters).
"""

__all__: list[str] = []
