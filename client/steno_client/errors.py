"""What goes wrong, as exceptions.

::

    StenoError
    ├── ProblemError                 the gateway refused; `problem` is its document
    │   ├── UnauthenticatedError     401: no key, or an unknown one
    │   ├── PermissionDeniedError    403: the key is not good for this
    │   ├── NotFoundError            404, 410: there is no such task or upload, or it is gone
    │   ├── ConflictError            409: not as the task is now
    │   ├── InvalidRequestError      any other 4xx: a field, a file, a format
    │   └── BusyError                408, 429 and all 5xx, after all retries
    ├── UnreachableError             no answer, after all retries
    │   └── UploadInterruptedError   in the middle of an upload; `upload` goes on with it
    ├── AnswerError                  something answered that is not Steno
    ├── SourceError                  the recording cannot be read, or is another one than before
    └── WaitTimeoutError             the task had not ended in time; it goes on

Raised by the flows. No message holds a key or the query of a URL.
"""

from steno_client.results import Problem, TaskStatus


class StenoError(Exception):
    """Anything that this client raises on purpose."""


class ProblemError(StenoError):
    """The gateway did not do as asked, and said why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.detail} {problem.remedy}")
        self.problem = problem
        """Its ``type``, ``detail``, ``field`` and ``remedy``."""


class UnauthenticatedError(ProblemError):
    """There is no API key, or the gateway does not know it."""


class PermissionDeniedError(ProblemError):
    """The key has not the scope that this takes."""


class NotFoundError(ProblemError):
    """The task or the upload never was, was released, or has expired."""


class ConflictError(ProblemError):
    """Not possible as the task is now: unfinished, finished, failed."""


class InvalidRequestError(ProblemError):
    """Something about the request is wrong; sent again it will be again."""


class BusyError(ProblemError):
    """The gateway cannot do it now, and could not however often it was asked."""


class UnreachableError(StenoError):
    """Nobody answers at the server's address, or connections to it break."""


class UploadInterruptedError(UnreachableError):
    """An upload broke off; what has come is kept for a day."""

    def __init__(self, upload: str, reason: str) -> None:
        super().__init__(f"The upload broke off: {reason} Submit the same file and resume the upload {upload}.")
        self.upload = upload
        """For `resume`."""


class AnswerError(StenoError):
    """What answered does not speak as Steno does: a wrong address, a proxy in between, an error of the gateway."""


class SourceError(StenoError):
    """The recording cannot be read, is empty, or is not what was uploaded before."""


class WaitTimeoutError(StenoError):
    """The task had not ended when the time was over; it goes on."""

    def __init__(self, status: TaskStatus) -> None:
        super().__init__(f"The task {status.task_id} is still {status.status}. It goes on; wait for it again.")
        self.status = status
        """As it was last seen."""
