"""From settings to the versions of flows: what is live is adopted before the first call."""

from __future__ import annotations

from pathlib import Path

from ivr.dialplan.loader import FlowStore
from ivr.publishing.files import FlowFiles
from ivr.publishing.ledger import Ledger
from ivr.publishing.news import News
from ivr.publishing.publisher import Publisher
from ivr.settings import Settings
from ivr.stores import Stores
from ivr.wiring import check_routes
from ivr.wiring_flows import today


async def publisher_of(settings: Settings, stores: Stores, flows: FlowStore) -> Publisher:
    """The node's publisher, with everything adopted that is live. Raises StoreUnavailable, and ConfigError for a route."""
    environment = Path(settings.environment) if settings.environment else None
    files = FlowFiles(flows, writes=settings.publishing.write_files, environment=environment, today=today)
    publisher = Publisher(Ledger(stores.engine), News(stores.redis, settings.node), flows, files)
    await publisher.begin()
    check_routes(settings, flows)
    return publisher
