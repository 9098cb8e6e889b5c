"""The staff console: its own process, so that staff access never shares a door with the public."""
