"""Pages that are one file and load nothing: the parts that the report of a run and the charts of a server share."""

__all__: list[str] = []
