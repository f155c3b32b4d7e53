import type { EventStore } from "#core/events/event-store.ts";
import { once } from "#core/once.ts";
import type { StoreEnvironment } from "#functions/shared/deployment/open-event-store.ts";

/**
 * The event store that a function's environment names, loaded with the first question to it: for functions most of
 * whose requests ask it nothing, as its client is a third of a cold start.
 */
export function eventStoreOnDemand(environment: StoreEnvironment): Pick<EventStore, "search" | "position"> {
  const opened = once(async () => {
    const { openEventStore } = await import("#functions/shared/deployment/open-event-store.ts");
    return openEventStore(environment);
  });
  return {
    search: async (query, page) => (await opened()).search(query, page),
    position: async () => (await opened()).position(),
  };
}
