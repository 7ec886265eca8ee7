"""Run a benchmark, or write the page of all.

``python -m benchmarks worker|memory|gpu|operator|gateway|report``, with ``tests`` on the path; the Makefile is its
caller. Ends with 0 whether goals are met or not, 2 when something is missing that a benchmark needs, 3 when that is a
GPU, and with an error when a benchmark itself fails.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks import report
from benchmarks.figures import BENCH, ROOT, Benchmark, read, write
from benchmarks.speech import SpeechMissingError

PAGE: Final = ROOT / "docs" / "benchmarks.md"
EXIT_MISSING: Final = 2
EXIT_NO_GPU: Final = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked for; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, or report what was measured.")
    parser.add_argument("command", choices=("worker", "memory", "gpu", "operator", "gateway", "report"))
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="of gpu; cpu rehearses it")
    parser.add_argument("--rehearsal", action="store_true", help="of gateway: everything small; its figures go")
    of_operator = parser.add_argument_group("of operator; all but --only make it a rehearsal, whose figures go")
    of_operator.add_argument("--only", action="append", default=[], metavar="PART", help="may be given again")
    of_operator.add_argument("--seconds", type=float, help="for which a rate is kept")
    of_operator.add_argument("--jobs", type=int, help="at once, and twice as many that have ended")
    of_operator.add_argument("--tree", type=Path, help="repository whose operator is measured")
    of_operator.add_argument("--profile", action="store_true", help="tell where it spends its time (py-spy)")
    options = parser.parse_args(arguments)
    if options.command == "report":
        PAGE.write_text(report.page(read()))
        print(f"wrote {PAGE.relative_to(ROOT)}")
        return 0
    if options.command == "gpu":
        return _gpu(options.device)
    if options.command == "operator":
        return _operator(options)
    if options.command == "gateway":
        return _gateway(options)
    # Imported only now: a report needs no engine.
    from benchmarks import worker  # noqa: PLC0415

    try:
        _keep({"worker": worker.measure, "memory": worker.measure_memory}[options.command](_say))
    except SpeechMissingError as missing:
        print(missing, file=sys.stderr)
        return EXIT_MISSING
    return 0


def _gpu(device: str) -> int:
    from benchmarks import gpu_check  # noqa: PLC0415 -- as above

    try:
        measured = gpu_check.measure(device, _say)
    except gpu_check.NoGpuError as missing:
        print(missing, file=sys.stderr)
        return EXIT_NO_GPU
    if device == "cuda":
        _keep(measured)
    else:
        print(f"{report.summary(measured)}\nA rehearsal: nothing is kept.")
    return 0


def _operator(options: argparse.Namespace) -> int:
    from benchmarks.operator import profiling, suite  # noqa: PLC0415 -- as above
    from benchmarks.operator.stand import Terms  # noqa: PLC0415

    if unknown := {*options.only} - suite.PARTS.keys():
        print(f"no part is called {', '.join(sorted(unknown))}; there are {', '.join(suite.PARTS)}", file=sys.stderr)
        return EXIT_MISSING
    changes = {
        "seconds": options.seconds,
        "burst": options.jobs,
        "finished": options.jobs and 2 * options.jobs,
        "tree": options.tree and options.tree.resolve(),
        "profiles": BENCH / "profiles" if options.profile else None,
    }
    changes = {name: value for name, value in changes.items() if value is not None}
    try:
        if options.profile:
            profiling.program()
        measured = suite.measure(Terms(say=_say, **changes), options.only)
    except profiling.NoProfilerError as missing:
        print(missing, file=sys.stderr)
        return EXIT_MISSING
    if changes:
        print(f"{report.summary(measured)}\nA rehearsal: nothing is kept.")
    else:
        before = next((each for each in read() if each.name == measured.name), None)
        _keep(suite.merged(before, measured))
    return 0


def _gateway(options: argparse.Namespace) -> int:
    from benchmarks.gateway import suite  # noqa: PLC0415 -- as above
    from benchmarks.gateway.stand import Terms  # noqa: PLC0415

    if unknown := {*options.only} - suite.PARTS.keys():
        print(f"no part is called {', '.join(sorted(unknown))}; there are {', '.join(suite.PARTS)}", file=sys.stderr)
        return EXIT_MISSING
    small = Terms(say=_say, upload_bytes=50_000_000, rounds=1, seconds=5.0, jobs=200, streams=50)
    measured = suite.measure(small if options.rehearsal else Terms(say=_say), options.only)
    if options.rehearsal or options.only:
        print(f"{report.summary(measured)}\nA rehearsal, or a part: nothing is kept.")
    else:
        _keep(measured)
    return 0


def _keep(benchmark: Benchmark) -> None:
    path = write(benchmark)
    print(report.summary(benchmark))
    print(f"wrote {path.relative_to(ROOT)}")


def _say(line: str) -> None:
    print(f"==> {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
