"""The record shop: artists, albums, and people who book an album that is put aside for them."""
