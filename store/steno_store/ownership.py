"""Who owns a prefix of a bucket: one small record, written by a conditional PUT; and whether a store honours those.

Called by the operator, at its start and by its sweep: nobody but the owner of a prefix ever deletes there what no job
of theirs names, since it may be another's. Knows an installation by an id that it is given; must not know clusters.
"""

from datetime import datetime
from typing import Final, Protocol

from pydantic import ValidationError

from steno_store.errors import (
    BucketNotFoundError,
    ConditionalPutError,
    ObjectNotFoundError,
    StoreError,
    StoreUnavailableError,
)
from steno_store.keys import Layout
from steno_types import Time
from steno_types.base import WireModel

RENEWAL_SECONDS: Final = 7 * 86_400
"""After which the owner writes its record anew: a lifecycle rule on the prefix (`lifecycle`, 30 days at least) would
expire it otherwise, and another could take its place."""


class OwnershipStore(Protocol):
    """The calls of `ObjectStore` that this module needs."""

    def get(self, key: str) -> bytes:
        """Read a small object whole."""
        ...

    def put(self, key: str, body: bytes, *, content_type: str = ...) -> None:
        """Write a small object, over whatever is there."""
        ...

    def put_if_absent(self, key: str, body: bytes, *, content_type: str = ...) -> bool:
        """Write a small object unless one is there."""
        ...


class Owner(WireModel):
    """The record: which installation a prefix belongs to."""

    installation: str
    """Its id: whatever tells it from every other installation for good."""
    namespace: str
    """Where it runs, for people who look for it."""
    claimed: Time
    """When it became the owner."""
    renewed: Time
    """When it last said so."""


def check_conditional_put(store: OwnershipStore, layout: Layout) -> None:
    """Raise unless the store honours ``If-None-Match: *`` on a PUT; every claim of an outcome rests on it.

    Asked of an object of its own, which stays: a store that ignores the header writes over what it is asked about.

    Raises
    ------
    ConditionalPutError
        It does not, and must not be Steno's.
    """
    body = (
        b"Steno wrote this twice, to see that the store refuses the second time (If-None-Match). It may be deleted.\n"
    )
    remedy = (
        "Two attempts at a job could both take themselves for the one that counts. Use a store that has conditional "
        "writes: AWS, MinIO and Versity's gateway have them, and some stores since a later version than yours"
    )
    for _ in range(2):
        try:
            if not store.put_if_absent(layout.conditional_put, body, content_type="text/plain"):
                return
        except StoreError as error:
            if type(error) is not StoreError:
                raise
            raise ConditionalPutError(f"The object store refuses conditional writes: {error}. {remedy}.") from error
    raise ConditionalPutError(
        f"The object store wrote {layout.conditional_put} over what was there, though it was asked not to "
        f"(If-None-Match: *). {remedy}."
    )


def read_owner(store: OwnershipStore, layout: Layout) -> Owner | None:
    """Read who owns the prefix; None while nobody does.

    Raises
    ------
    StoreError
        The store does not answer, or what it holds is no such record.
    """
    try:
        body = store.get(layout.owner)
    except BucketNotFoundError:
        raise
    except ObjectNotFoundError:
        return None
    try:
        return Owner.model_validate_json(body)
    except ValidationError as error:
        raise StoreError(
            f"{layout.owner} does not say who owns the prefix in words that this version can read: {error}"
        ) from error


def claim_prefix(store: OwnershipStore, layout: Layout, *, installation: str, namespace: str, now: datetime) -> Owner:
    """Claim the prefix unless somebody owns it, and give who owns it now: this installation or another.

    The owner's own record is renewed once it is old, so it has to claim again now and then.

    Raises
    ------
    ConditionalPutError
        The store does not honour conditional writes, so that no claim would mean anything.
    StoreError
        As of `read_owner`.
    """
    owner = read_owner(store, layout)
    if owner is None:
        check_conditional_put(store, layout)
        claim = Owner(installation=installation, namespace=namespace, claimed=now, renewed=now)
        if store.put_if_absent(layout.owner, _spelled(claim), content_type="application/json"):
            return claim
        owner = read_owner(store, layout)
        if owner is None:
            raise StoreUnavailableError(f"{layout.owner} was refused as present and is absent")
    # Either way: a record from the future was written by a clock that was wrong.
    if owner.installation == installation and abs((now - owner.renewed).total_seconds()) >= RENEWAL_SECONDS:
        owner = owner.model_copy(update={"namespace": namespace, "renewed": now})
        # Nobody else writes over a record that is there.
        store.put(layout.owner, _spelled(owner), content_type="application/json")
    return owner


def _spelled(owner: Owner) -> bytes:
    return owner.model_dump_json(by_alias=True, indent=1).encode()
