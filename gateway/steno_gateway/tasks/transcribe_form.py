"""The form of ``POST /transcribe``: what its parts mean.

Fed by `submit` with what `multipart_form` reads; one file, and options before or after it. The file's bytes go on to
the upload as they come.
"""

from collections.abc import Callable
from typing import Final

from steno_gateway import file_names, problems
from steno_gateway.problems import ProblemError
from steno_gateway.requests import TranscribeOptions, may_repeat, parse_options
from steno_gateway.uploads.multipart_form import FormEvent, PartBegins, PartData, PartEnds
from steno_gateway.uploads.streaming import Upload

FILE_PART: Final = "file"
"""Name of the form's part that holds the recording."""

OPTION_MAX_BYTES: Final = 32_768
"""Of one option's value; above the longest that is valid, a list of 50 hotwords of four bytes a character."""


class TranscribeForm:
    """What the parts of the form mean: one file, and options before or after it.

    Parameters
    ----------
    upload
        Where the file's bytes go.
    check
        Refuses options that are not allowed; asked before the file's bytes are taken, since they may be many.
    """

    def __init__(self, upload: Upload, check: Callable[[TranscribeOptions], None]) -> None:
        self._upload = upload
        self._check = check
        self._options: dict[str, list[str]] = {}
        self._part = ""
        self._value = bytearray()
        self._has_file = False
        self.file_name: str | None = None
        """The file's name, cleaned."""

    async def take(self, event: FormEvent) -> None:
        """Follow the form; refuses as early as can be, since a recording may be large."""
        match event:
            case PartBegins(name=name, file_name=file_name):
                self._begin(name, file_name)
            case PartData(data=data) if self._part == FILE_PART:
                await self._upload.write(data)
            case PartData(data=data):
                self._value += data
                if len(self._value) > OPTION_MAX_BYTES:
                    raise self._invalid_option(f"is longer than {OPTION_MAX_BYTES} bytes")
            case PartEnds() if self._part != FILE_PART:
                self._end_option()
            case PartEnds():
                pass

    def finish(self) -> TranscribeOptions:
        """Check that the form is what it must be, and give its options."""
        if not self._has_file:
            raise ProblemError(
                problems.FILE_MISSING,
                f'The form has no part named "{FILE_PART}".',
                field=FILE_PART,
                remedy=f'Put the recording into a part named "{FILE_PART}": curl -F {FILE_PART}=@recording.wav.',
            )
        if self._upload.size_bytes == 0:
            raise ProblemError(
                problems.FILE_EMPTY,
                "The file has no bytes.",
                field=FILE_PART,
                remedy="Check the path of the file, and send it again.",
            )
        return self._parsed()

    def _parsed(self) -> TranscribeOptions:
        return parse_options({name: given if may_repeat(name) else given[0] for name, given in self._options.items()})

    def _begin(self, name: str, file_name: str | None) -> None:
        self._part = name
        self._value.clear()
        if name == FILE_PART:
            if self._has_file:
                raise ProblemError(
                    problems.FILE_REPEATED,
                    f'The form has two parts named "{FILE_PART}".',
                    field=FILE_PART,
                    remedy="Send one request for each recording.",
                )
            self._has_file = True
            self.file_name = file_names.cleaned(file_name)
            self._check(self._parsed())
        elif name not in TranscribeOptions.model_fields:
            parse_options({name: ""})
        elif name in self._options and not may_repeat(name):
            raise self._invalid_option("is given twice")

    def _end_option(self) -> None:
        try:
            self._options.setdefault(self._part, []).append(self._value.decode())
        except UnicodeDecodeError as error:
            raise self._invalid_option("is no UTF-8") from error

    def _invalid_option(self, wrong: str) -> ProblemError:
        return ProblemError(
            problems.FIELD_INVALID,
            f"{self._part}: the value {wrong}.",
            field=self._part,
            remedy="Correct the field and send the request again.",
        )
