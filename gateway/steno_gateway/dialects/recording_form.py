"""A form with one recording and fields around it, as the clients of other APIs send it.

Fed by `outcome` with what `uploads.multipart_form` reads; the recording's bytes go on to the upload as they come.
Which part is the recording and which fields there are is the dialect's to say.
"""

from collections.abc import Callable
from typing import Final

from steno_gateway import file_names, problems
from steno_gateway.problems import ProblemError
from steno_gateway.uploads.multipart_form import FormEvent, PartBegins, PartData, PartEnds
from steno_gateway.uploads.streaming import Upload

Fields = list[tuple[str, str]]
"""Name and value of each part that is not the recording, in the order they came; a name may come again."""

FIELD_MAX_BYTES: Final = 16_384
"""Of one field's value; four bytes for each character of the longest prompt that is taken, and more."""


class RecordingForm:
    """What the parts of a form mean.

    Parameters
    ----------
    upload
        Where the recording's bytes go.
    file_part
        Name of the part that is the recording.
    check
        Refuses fields that cannot be honoured; asked before the recording's bytes are taken, since they may be many.
    lead
        Bytes to put before the recording's own.
    """

    def __init__(
        self, upload: Upload, file_part: str, *, check: Callable[[Fields], object], lead: bytes = b""
    ) -> None:
        self._upload = upload
        self._file_part = file_part
        self._check = check
        self._lead = lead
        self._part = ""
        self._value = bytearray()
        self._has_file = False
        self.fields: Fields = []
        self.file_name: str | None = None
        """The recording's name, cleaned."""

    async def take(self, event: FormEvent) -> None:
        """Follow the form; refuses as early as can be."""
        match event:
            case PartBegins(name=name, file_name=file_name):
                self._part = name
                self._value.clear()
                if name == self._file_part:
                    await self._begin_file(file_name)
                elif file_name is not None:
                    raise self._unknown_file(name)
            case PartData(data=data) if self._part == self._file_part:
                await self._upload.write(data)
            case PartData(data=data):
                self._value += data
                if len(self._value) > FIELD_MAX_BYTES:
                    raise self._invalid(f"is longer than {FIELD_MAX_BYTES} bytes")
            case PartEnds() if self._part != self._file_part:
                self._end_field()
            case PartEnds():
                pass

    def finish(self) -> None:
        """Check that there was a recording with bytes in it."""
        if not self._has_file:
            raise ProblemError(
                problems.FILE_MISSING,
                f'The form has no part named "{self._file_part}".',
                field=self._file_part,
                remedy=f'Put the recording into a part named "{self._file_part}".',
            )
        if self._upload.size_bytes <= len(self._lead):
            raise ProblemError(
                problems.FILE_EMPTY,
                "The file has no bytes.",
                field=self._file_part,
                remedy="Check the path of the file, and send it again.",
            )

    async def _begin_file(self, file_name: str | None) -> None:
        if self._has_file:
            raise ProblemError(
                problems.FILE_REPEATED,
                f'The form has two parts named "{self._file_part}".',
                field=self._file_part,
                remedy="Send one request for each recording.",
            )
        self._has_file = True
        self.file_name = file_names.cleaned(file_name)
        self._check(self.fields)
        if self._lead:
            await self._upload.write(self._lead)

    def _end_field(self) -> None:
        try:
            self.fields.append((self._part, self._value.decode()))
        except UnicodeDecodeError as error:
            raise self._invalid("is no UTF-8") from error

    def _unknown_file(self, name: str) -> ProblemError:
        shown = name[:_SHOWN]
        return ProblemError(
            problems.FIELD_UNKNOWN,
            f"There is no file {shown!r}.",
            field=shown,
            remedy=f'Put the recording into a part named "{self._file_part}".',
        )

    def _invalid(self, wrong: str) -> ProblemError:
        return ProblemError(
            problems.FIELD_INVALID,
            f"{self._part[:_SHOWN]}: the value {wrong}.",
            field=self._part[:_SHOWN],
            remedy="Correct the field and send the request again.",
        )


_SHOWN: Final = 64
"""Characters of an unknown part's name that are repeated."""
