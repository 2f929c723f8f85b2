"""Releases as archives: packaging, building and collecting what they contain."""
