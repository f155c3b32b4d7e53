import { systemClock } from "#core/clock.ts";
import { EventFeeds } from "#core/events/stream/event-feed.ts";
import { admitEveryone, admitKnown } from "#functions/shared/auth/admit.ts";
import { openAuthenticate } from "#functions/shared/auth/open-authenticate.ts";
import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { openEventStore } from "#functions/shared/deployment/open-event-store.ts";
import { log } from "#functions/shared/log.ts";
import { streamEventsHandler } from "./stream-events.ts";

const POLL_MS = 250;

const environment = environmentOf("stream-events");

export const handler = streamEventsHandler({
  namespaces: environment.PULSE_NAMESPACES,
  feeds: new EventFeeds({
    store: await openEventStore(environment),
    clock: systemClock,
    pollMs: POLL_MS,
    onError: (error) => log.error("a stream could not read on, and tries again", { error: error as Error }),
  }),
  admit: environment.PULSE_AUTH === "oidc" ? admitKnown(openAuthenticate(environment)) : admitEveryone,
  leaseMs: environment.PULSE_STREAM_LEASE_SECONDS * 1000,
});
