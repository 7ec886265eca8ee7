"""The subcommands of ``steno`` that talk to a server: submit, status, wait, download, jobs, queue, cancel, release.

`commands` is found by the ``steno`` command, as pyproject's entry points say, and reads the arguments with the
standard library alone, so that help is to be had without the extra ``client``; `acting` does the work, over
`steno_client`.
"""
