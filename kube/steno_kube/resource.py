"""Where the objects of a kind are at the API server. Pure; called by everything that asks for objects."""

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object that lies in namespaces."""

    api: str
    """Group and version, ``batch/v1``; ``v1`` alone for the core's."""
    plural: str

    def all(self, namespace: str | None) -> str:
        """Give the path of the objects of a namespace; None: of all."""
        return f"{self._root}/{self.plural}" if namespace is None else f"{self._within(namespace)}"

    def one(self, namespace: str, name: str, subresource: str = "") -> str:
        """Give the path of one object, or of its subresource."""
        path = f"{self._within(namespace)}/{quote(name, safe='')}"
        return f"{path}/{subresource}" if subresource else path

    @property
    def _root(self) -> str:
        return f"/apis/{self.api}" if "/" in self.api else f"/api/{self.api}"

    def _within(self, namespace: str) -> str:
        return f"{self._root}/namespaces/{quote(namespace, safe='')}/{self.plural}"
