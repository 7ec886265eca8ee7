"""See to the bucket's lifecycle rule when the operator starts to lead: put it where it is wanted, else leave it be.

Called once by `process`, in a thread. Says in the log what came of it, and never keeps the operator from its work:
the rule only expires what release and sweep have left. Blocks.
"""

import logging

from steno_store import (
    Layout,
    LifecycleRule,
    LifecycleUnsupportedError,
    ObjectStore,
    StoreError,
    StoreForbiddenError,
    lifecycle,
)

logger = logging.getLogger(__name__)


def settle_lifecycle_rule(store: ObjectStore, layout: Layout, rule: LifecycleRule | None) -> None:
    """Have the bucket hold `rule`, from `steno_store.lifecycle.backstop`; None: none is wanted."""
    if rule is None:
        _tell_what_stands(store, lifecycle.rule_id(layout))
        return
    try:
        new = store.put_lifecycle_rule(rule)
    except LifecycleUnsupportedError as error:
        logger.warning("STENO_LIFECYCLE_RULE is on and does nothing: %s; the sweep works without it", error)
    except StoreForbiddenError as error:
        logger.warning(
            "STENO_LIFECYCLE_RULE is on and its rule could not be put: %s; allow the operator "
            "s3:GetLifecycleConfiguration and s3:PutLifecycleConfiguration on the bucket %s, or switch it off",
            error,
            store.bucket,
        )
    except StoreError as error:
        logger.warning("the lifecycle rule could not be put; the next start tries again: %s", error)
    else:
        logger.info(
            "the lifecycle rule %s of the bucket %s %s: all under %s expires after %d days, whatever TTL a job sets",
            rule.rule_id,
            store.bucket,
            "is put" if new else "stands",
            rule.prefix,
            rule.days,
        )


def _tell_what_stands(store: ObjectStore, rule_id: str) -> None:
    try:
        stands = store.has_lifecycle_rule(rule_id)
    except StoreError as error:
        # Whoever does not want the rule need not allow the operator to read it.
        logger.debug("whether a lifecycle rule stands cannot be told: %s", error)
        return
    if stands:
        logger.warning(
            "STENO_LIFECYCLE_RULE is off, and the rule %s still stands in the bucket %s and goes on deleting; remove "
            "it there if that is not what you want",
            rule_id,
            store.bucket,
        )
