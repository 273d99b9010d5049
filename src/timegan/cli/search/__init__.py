"""A search over settings: its space, its study, and its summary."""
