"""The site's speed: motos with 100 000 motorcycles, and what a visitor's first look loads."""
