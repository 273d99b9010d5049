"""Commands: composed configurations, calls of the library, output. Hydra is imported here alone."""
