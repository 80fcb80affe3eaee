"""From settings to what goes with calls to those outside, and to the pages and routes that show it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import time

from ivr.handover.links import Links
from ivr.records.reader import ContactReader
from ivr.records.whole import WholeContacts
from ivr.session.handing import Handing
from ivr.session.services import Services
from ivr.settings import Settings
from ivr.stores import Stores
from ivr.web.handover_api import HandoverDesk
from ivr.web.parts import WebParts


@dataclass(frozen=True, slots=True)
class HandoverParts:
    handing: Handing
    desk: HandoverDesk

    def services(self, services: Services) -> Services:
        return replace(services, handing=self.handing)

    def web(self, parts: WebParts) -> WebParts:
        return replace(parts, handover=self.desk)


async def handover_parts(settings: Settings, stores: Stores) -> HandoverParts:
    """Raises StoreUnavailable."""
    options = settings.handover
    links = Links(stores.redis, options.url or settings.web.public_url, options.expires, time)
    await links.open()
    contacts = WholeContacts(stores.log, ContactReader(stores.engine))
    bodies = "body" in (options.phones, *(trunk.handover for trunk in settings.trunks.values()))
    return HandoverParts(Handing(links.link, options.body, options.phones, bodies), HandoverDesk(contacts, links, options.size))
