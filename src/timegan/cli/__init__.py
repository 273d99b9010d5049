"""The command line: compose a configuration, call the library, print. Hydra stays in here."""
