"""A plan on this machine: scheduled, cached, shown, recorded. :mod:`ecluse.run.execution` begins a run."""
