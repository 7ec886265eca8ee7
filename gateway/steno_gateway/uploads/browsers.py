"""Let pages of other origins send parts straight to the store, where an installation asks for it.

Called by `server` at its start. Must not know how a store keeps such rules.
"""

import asyncio
import logging
from collections.abc import Sequence

from steno_store import CorsUnsupportedError, Layout, ObjectStore, StoreError, cors

logger = logging.getLogger(__name__)


async def let_browsers_in(store: ObjectStore, layout: Layout, origins: Sequence[str]) -> None:
    """Give the bucket its rule; whatever is in the way is logged, once, and keeps nobody from working."""
    if not origins:
        return
    try:
        written = await asyncio.to_thread(store.put_cors_rule, cors.browser_rule(layout, origins))
    except CorsUnsupportedError as error:
        logger.warning(
            "STENO_STORE_BROWSER_ORIGINS is set, but %s. Whether pages may send parts to it is a setting of the "
            "store's own (MinIO: MINIO_API_CORS_ALLOW_ORIGIN)",
            error,
        )
    except StoreError as error:
        logger.warning(
            "the bucket's CORS rule could not be set, so pages may be unable to send parts to the store: %s", error
        )
    else:
        if written:
            logger.info("the bucket lets pages of %s in", ", ".join(origins))
