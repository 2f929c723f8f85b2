"""How a project that knows nothing of Écluse is run: its Python, its packages, and settings from outside."""
