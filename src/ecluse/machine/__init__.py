"""This machine: programs, files, git, interpreters and virtual environments."""
