"""What touches this machine: programs, files, git, interpreters and virtual environments."""
