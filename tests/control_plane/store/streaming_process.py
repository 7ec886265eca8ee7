"""Move a large object through the store and print by how much the process grew; run by ``test_memory.py``.

Arguments: upload or download, endpoint, access key, secret key, bucket, size in parts. Needs the folder
``tests`` on its path.
"""

import resource
import sys

from steno_store import PART_BYTES
from support.s3_buckets import S3Account


def peak_bytes() -> int:
    """Give the most memory that this process has held; Linux counts it in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def growth_bytes(direction: str, account: S3Account, bucket: str, parts: int) -> int:
    """Warm the connection up, then measure."""
    key = "talk"
    store = account.store(bucket)
    store.put(key + ".warm", b"up")
    list(store.stream(key + ".warm"))
    before = peak_bytes()
    if direction == "upload":
        upload = store.start_upload(key)
        for number in range(1, parts + 1):
            upload.send(number, number.to_bytes(2, "big") * (PART_BYTES // 2))
        upload.complete()
    else:
        assert parts * PART_BYTES == sum(map(len, store.stream(key)))
    return peak_bytes() - before


if __name__ == "__main__":
    chosen, endpoint, access_key, secret_key, name, count = sys.argv[1:]
    growth = growth_bytes(chosen, S3Account(endpoint, access_key, secret_key), name, int(count))
    sys.stdout.write(f"{growth}\n")
