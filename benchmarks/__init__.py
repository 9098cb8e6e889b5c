"""Measurements. Each prints its figures; README and docs quote them with the command."""
