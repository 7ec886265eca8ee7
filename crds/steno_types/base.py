"""The two pydantic bases that every other model of this package stands on.

Called by `spec`, `status`, `job`, `manifest`, `assignment` and `messages`. Knows how a model is spelled on the
wire; must not know any field.
"""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel


def to_rfc3339(moment: datetime) -> str:
    """Spell `moment` as Kubernetes' ``metav1.Time``: UTC, whole seconds, ``Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a time needs its offset from UTC, for example 2026-01-31T12:00:00Z")
    return moment.astimezone(UTC).replace(microsecond=0)


Time = Annotated[datetime, AfterValidator(_aware), PlainSerializer(to_rfc3339, when_used="json")]
"""An aware moment in UTC, cut to whole seconds as in Kubernetes' ``metav1.Time``, so that it survives the wire."""


class WireModel(BaseModel):
    """camelCase on the wire, snake_case in Python; frozen, so that a decision cannot change its evidence."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        use_attribute_docstrings=True,
        # JSON cannot say infinity; it would come back as null.
        allow_inf_nan=False,
        # What is refused may be a secret, such as a source's address, and refusals are logged.
        hide_input_in_errors=True,
        # Unknown fields are a newer writer's: ignored here, pruned or refused at the API server.
        extra="ignore",
    )

    def to_wire(self) -> dict[str, object]:
        """Give the JSON-ready form without the fields that are unset."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class ResourceModel(WireModel):
    """A model that is part of the custom resource, so that its fields become the CRD's schema."""
