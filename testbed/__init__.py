"""Machines, projects and visitors that the tests and the benchmarks share: real containers, servers and load."""
