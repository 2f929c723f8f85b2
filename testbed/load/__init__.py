"""Load on a site: visitors at a fixed rate, calls at the same moment, and a count of what must be alone."""
