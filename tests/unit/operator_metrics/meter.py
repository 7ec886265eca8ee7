"""Metrics that a test reads as Prometheus does: as text, parsed, and told by what has moved since the last look.

Used by the tests of this folder.
"""

from prometheus_client.parser import text_string_to_metric_families

from steno_operator.installation import Installation
from steno_operator.metrics import Metrics
from steno_operator.roster import Roster
from support.builders import an_installation


class Meter:
    """The operator's metrics, and what they said last."""

    def __init__(self, installation: Installation | None = None) -> None:
        self.roster = Roster(installation or an_installation())
        self.metrics = Metrics(self.roster)
        self._said = self.read()

    def read(self) -> dict[str, float]:
        """Give every sample by its name and labels, but for buckets, and what the process itself needs."""
        body, _ = self.metrics.text()
        return {
            spelled(sample.name, sample.labels): sample.value
            for family in text_string_to_metric_families(body.decode())
            for sample in family.samples
            if not sample.name.endswith("_bucket") and not sample.name.startswith("process_")
        }

    def moved(self) -> dict[str, float]:
        """Give by how much each sample has moved since the last look; those that stood still are left out."""
        before, self._said = self._said, self.read()
        changes = {name: value - before.get(name, 0.0) for name, value in self._said.items()}
        return {name: change for name, change in changes.items() if change}


def spelled(name: str, labels: dict[str, str]) -> str:
    """Spell a sample as Prometheus' text does, its labels in order."""
    inner = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    return f"{name}{{{inner}}}" if inner else name
