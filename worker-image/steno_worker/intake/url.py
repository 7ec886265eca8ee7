"""Fetch the recording from an http or https address, however often the connection breaks.

Called by `intake.fetch`. A body that breaks off is taken up where it ended, by Range under If-Range, so that a file
is never made of two recordings; where a server knows no ranges the fetch starts over, a few times. Every try begins
at the job's own URL and passes the guard anew (`hops`). The size is held to its limit by what is announced and again
by what comes, compressed and not.

It runs in an event loop of its own, as asyncio can end it in time whatever it waits for, be it a header that
trickles in letter by letter. Nothing else runs in that loop, so the file is written there too.
"""

import asyncio
import logging
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx

from steno_worker.errors import (
    AudioUndecodableError,
    SettingsInvalidError,
    SourceTooLargeError,
    SourceUnavailableError,
)
from steno_worker.intake.addresses import AllowedHosts
from steno_worker.intake.answers import PassingFaultError, check_status, connection_faults_told, part_of, validator_of
from steno_worker.intake.hops import Browser, Network
from steno_worker.intake.inflating import Inflater, inflater_for
from steno_worker.intake.limits import ALLOWED_HOSTS_VARIABLE, MAX_BYTES_VARIABLE, MAX_SECONDS_VARIABLE, IntakeLimits
from steno_worker.intake.naming import without_secrets
from steno_worker.intake.partial import Fetched, PartialFile, partial_file
from steno_worker.intake.patience import Patience
from steno_worker.logs import fields

USER_AGENT: Final = "steno-worker"
"""Some servers refuse requests without one."""

logger = logging.getLogger(__name__)


def fetch(
    url: str, *, into: Path, limits: IntakeLimits, on_bytes: Callable[[int], None], network: Network | None = None
) -> Fetched:
    """Stream what `url` gives into the file `into`; `intake.fetch` says the rest.

    Raises
    ------
    SourceNotFoundError, SourceForbiddenError
        Terminal, the user's (exit 66).
    SourceTooLargeError, AudioUndecodableError
        Terminal, the user's (exit 65).
    SettingsInvalidError
        Terminal, the platform's (exit 78): the allowed hosts cannot be read.
    SourceUnavailableError, ScratchFullError
        Retryable (exit 69, 75).
    """
    try:
        allowed = AllowedHosts.of(limits.allowed_hosts)
    except ValueError as error:
        raise SettingsInvalidError(f"{ALLOWED_HOSTS_VARIABLE} cannot be read: {error}.") from error
    with partial_file(into, on_bytes) as file:
        download = _Download(
            url=url, file=file, limits=limits, browser=Browser(allowed=allowed, network=network or Network())
        )
        asyncio.run(download.run())
        return file.finish()


@dataclass(slots=True, kw_only=True)
class _Download:
    """One recording on its way."""

    url: str
    file: PartialFile
    limits: IntakeLimits
    browser: Browser
    patience: Patience = field(default_factory=Patience)
    validator: str | None = None
    """Names the version that the file's bytes are of; None: they cannot be continued."""

    @property
    def shown(self) -> str:
        """The address without its secrets."""
        return without_secrets(self.url)

    async def run(self) -> None:
        """Fill the file, or fail in time."""
        try:
            async with asyncio.timeout(self.limits.max_seconds):
                await self._fill()
        except TimeoutError as error:
            raise SourceUnavailableError(
                f"{self.shown} was not fetched within {self.limits.max_seconds:g} seconds ({MAX_SECONDS_VARIABLE});"
                f" {self.file.size_bytes} bytes had come."
            ) from error

    async def _fill(self) -> None:
        while True:
            begun_bytes = self.file.size_bytes
            try:
                return await self._try()
            except PassingFaultError as fault:
                seconds = self.patience.pause_seconds(
                    new_bytes=self.file.size_bytes - begun_bytes, requested_seconds=fault.requested_seconds
                )
                if seconds is None:
                    raise SourceUnavailableError(
                        f"{self.shown} could not be fetched, {self.patience.failures} times in a row: {fault}."
                    ) from fault
                logger.warning(
                    "the source failed: %s",
                    fault,
                    extra=fields(url=self.shown, size_bytes=self.file.size_bytes, pause_s=seconds),
                )
                await self.browser.network.pause(seconds)

    async def _try(self) -> None:
        """Ask for what the file lacks, and take it."""
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": USER_AGENT}
        if self.file.size_bytes and self.validator is None:
            self._start_over("what has come cannot be continued")
        elif self.file.size_bytes and self.validator is not None:
            headers |= {"Range": f"bytes={self.file.size_bytes}-", "If-Range": self.validator}
        async with self.browser.open(self.url, headers) as response:
            check_status(response, self.shown)
            await self._take(response)

    async def _take(self, response: httpx.Response) -> None:
        """Append the body of `response`, from wherever it begins."""
        if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            self.validator = None
            raise PassingFaultError("the server knows no such range of it")
        part = part_of(response)
        if part.start_bytes == 0 < self.file.size_bytes:
            self._start_over("the server sends it from the beginning")
        elif part.start_bytes != self.file.size_bytes:
            self.validator = None
            raise PassingFaultError("the server sends another part than was asked for")
        elif self.file.size_bytes and validator_of(response) not in {None, self.validator}:
            self.validator = None
            raise PassingFaultError("the server sends a part of another version")
        inflater = self._inflater_of(response)
        if part.start_bytes == 0:
            self.validator = validator_of(response) if inflater is None else None
        self._hold_to_limit(part.total_bytes or 0)
        with connection_faults_told(self.shown, idle_seconds=self.browser.network.idle_seconds):
            await self._append(response, inflater)
        if inflater is None and part.total_bytes is not None and self.file.size_bytes < part.total_bytes:
            raise PassingFaultError("the server sends less than it announces")

    async def _append(self, response: httpx.Response, inflater: Inflater | None) -> None:
        raw_bytes = 0
        async for chunk in response.aiter_raw():
            raw_bytes += len(chunk)
            self._hold_to_limit(raw_bytes)
            if inflater is None:
                self._append_chunk(chunk)
                continue
            with self._compression_faults_told():
                for piece in inflater.pieces(chunk):
                    self._append_chunk(piece)
        if inflater is not None and not inflater.is_whole:
            raise PassingFaultError("the compressed body ends too early")

    def _append_chunk(self, chunk: bytes) -> None:
        self._hold_to_limit(self.file.size_bytes + len(chunk))
        self.file.append(chunk)

    def _hold_to_limit(self, size_bytes: int) -> None:
        if size_bytes > self.limits.max_bytes:
            raise SourceTooLargeError(
                f"{self.shown} has more than the {self.limits.max_bytes} bytes that are fetched from an address"
                f" ({MAX_BYTES_VARIABLE})."
            )

    def _start_over(self, why: str) -> None:
        if not self.patience.may_start_over():
            raise SourceUnavailableError(f"{self.shown} breaks off again and again, and {why}.")
        self.file.start_over()

    def _inflater_of(self, response: httpx.Response) -> Inflater | None:
        try:
            return inflater_for(response.headers.get("Content-Encoding", ""))
        except ValueError as error:
            raise AudioUndecodableError(
                f"{self.shown} comes compressed although it was asked for as it is: {error} is not undone."
            ) from error

    @contextmanager
    def _compression_faults_told(self) -> Iterator[None]:
        try:
            yield
        except zlib.error as error:
            raise AudioUndecodableError(
                f"{self.shown} comes with a Content-Encoding that its bytes do not have."
            ) from error
