"""A real Django site, which reaches its users through the pipeline in this repository: Écluse's first user."""
