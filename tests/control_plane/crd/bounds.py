"""The bounds that the CRD's schema has, and how to say a value that just keeps one and a value that just breaks it.

Used by the tests of spec and status, which hold every bound to such a pair.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from control_plane.crd.questions import Raw
from steno_types.crdgen import custom_resource_definition

BOUNDS = (
    *("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "maxProperties"),
    *("pattern", "enum", "required"),
)
"""Keywords that limit a value; types and formats are the API server's own business."""

Cases = Mapping[str, tuple[Any, Any]]
"""By path and keyword: what is just accepted, and what is just refused; a map's values are at ``path{}``."""


def without(whole: Raw, field: str) -> Raw:
    """Give `whole` without one field."""
    return {name: value for name, value in whole.items() if name != field}


def text(field: str, length: int, whole: Raw | None = None) -> tuple[Raw, Raw]:
    """Give a text of the greatest length, and one a character longer; characters, not bytes."""
    return {**(whole or {}), field: "ä" * length}, {**(whole or {}), field: "ä" * (length + 1)}


def number(field: str, last: float, beyond: float, whole: Raw | None = None) -> tuple[Raw, Raw]:
    """Give the last number of a range, and one beyond."""
    return {**(whole or {}), field: last}, {**(whole or {}), field: beyond}


def under(field: str, cases: tuple[Raw, Raw]) -> tuple[Raw, Raw]:
    """Give both cases as the value of a field."""
    inside, outside = cases
    return {field: inside}, {field: outside}


def bounds_in(schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Walk the bounds of a schema, each as path and keyword."""
    for keyword in BOUNDS:
        if keyword in schema:
            yield f"{path}.{keyword}".lstrip(".")
    for name, inner in schema.get("properties", {}).items():
        yield from bounds_in(inner, f"{path}.{name}")
    for keyword, each in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(schema.get(keyword), Mapping):
            yield from bounds_in(schema[keyword], f"{path}{each}")


def bounds_of(part: str) -> set[str]:
    """Give the bounds of spec or status, each as path and keyword."""
    (version,) = custom_resource_definition()["spec"]["versions"]
    return {*bounds_in(version["schema"]["openAPIV3Schema"]["properties"][part])}


def field_of(bound: str, *, under: str) -> str:
    """Say which field the API server names when the bound is broken, as far as list and map are concerned."""
    path, _, _ = bound.rpartition(".")
    return f"{under}.{path}".partition("[]")[0].partition("{}")[0]
