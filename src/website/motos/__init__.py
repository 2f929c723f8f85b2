"""Motos: motorcycles for sale, shown to visitors by an Angular client (frontend/) over the API under /api/motos/."""
