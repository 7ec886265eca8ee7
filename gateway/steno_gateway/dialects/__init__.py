"""The APIs of others, answered from TranscriptionJobs: one package for each. Called by clients written for those.

Each package has a router, and a speller for the errors under its paths, whatever raised them.
"""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter

from steno_gateway.dialects import asr_webservice, assemblyai, openai
from steno_gateway.refusals import Speller

ROUTERS: Final[tuple[APIRouter, ...]] = (openai.router, assemblyai.router, asr_webservice.router)
"""In the order of the docs page."""

SPELLERS: Final[Mapping[str, Speller]] = {"/v1": openai.spell, assemblyai.PREFIX: assemblyai.spelled}
"""How an error is spelled, by the first step of its path; elsewhere it is a problem document."""
