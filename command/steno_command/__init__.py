"""The ``steno`` command: finds what the installed parts can be told to do, and hands over.

A part contributes a subcommand by an entry point in the group `steno_command.subcommands.GROUP`. Needs the standard
library alone, so that it starts, and explains itself, whatever is installed. Must not know any part.
"""
