"""The one exception that is meant for the person at the keyboard."""


class InputError(ValueError):
    """Bad input. The message names the value, the rule that it breaks, and the remedy."""
