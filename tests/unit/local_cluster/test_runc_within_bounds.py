"""runc is asked for nothing that this machine's bounding set lacks."""

import pytest

from local_cluster import runc_within_bounds


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        pytest.param("0000000000000000", set(), id="none"),
        pytest.param("0000000000000005", {"CAP_CHOWN", "CAP_DAC_READ_SEARCH"}, id="by bit"),
    ],
)
def test_bounding_set_is_read_by_bit(mask: str, expected: set[str]) -> None:
    """The kernel's mask names a capability by its bit."""
    assert expected == runc_within_bounds.bounding_set(f"Name:\tx\nCapBnd:\t{mask}\n")


def test_full_mask_lacks_only_the_cleared_bit() -> None:
    """A machine that withholds CAP_SYS_RESOURCE has every other capability."""
    full = runc_within_bounds.bounding_set("CapBnd:\t000001ffffffffff")

    assert {"CAP_SYS_RESOURCE"} == full - runc_within_bounds.bounding_set("CapBnd:\t000001fffeffffff")


def test_process_keeps_what_can_be_granted() -> None:
    """Each set of a process is cut down to what is allowed, and its limits go."""
    process = {
        "capabilities": {"bounding": ["CAP_CHOWN", "CAP_SYS_RESOURCE"], "effective": ["CAP_SYS_RESOURCE"]},
        "rlimits": [{"type": "RLIMIT_NOFILE"}],
    }

    runc_within_bounds.bound_process(process, {"CAP_CHOWN"})

    assert {"capabilities": {"bounding": ["CAP_CHOWN"], "effective": []}} == process
