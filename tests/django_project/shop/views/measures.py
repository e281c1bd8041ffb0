"""A helper that a view imports."""


def label(number):
    """How a length is written."""
    return f"{number} m"
