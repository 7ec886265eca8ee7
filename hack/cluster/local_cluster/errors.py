"""What can go wrong here, as one tree; `__main__` turns each into one line and an exit status.

::

    LocalClusterError
    ├── MissingNeedError
    ├── NameRefusedError
    ├── CommandFailedError
    └── StartFailedError
"""


class LocalClusterError(Exception):
    """Base of all errors of this package; ends the command with status 1."""

    exit_status = 1


class MissingNeedError(LocalClusterError):
    """The machine lacks something that only its owner can give; the message is one line naming the remedy."""

    exit_status = 2


class NameRefusedError(LocalClusterError):
    """A cluster name that is not ours to touch, or that kind would not take."""

    exit_status = 2


class CommandFailedError(LocalClusterError):
    """A command ended with a status other than 0; carries the end of what it printed."""


class StartFailedError(LocalClusterError):
    """A server ended, or stayed unready for too long, after its start; carries the end of its log."""
