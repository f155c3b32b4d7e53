import type { EventStore } from "#core/events/event-store.ts";
import type { Environment } from "#functions/shared/deployment/environment.ts";
import type { OpenSearchSettings } from "#stores/opensearch/client.ts";
import { openOpenSearchEventStore } from "#stores/opensearch/opensearch-event-store.ts";

/** What a function is told of the store. */
export type StoreEnvironment = Pick<
  Environment<"index-events">,
  "PULSE_OPENSEARCH_URL" | "PULSE_OPENSEARCH_AUTH" | "PULSE_EVENT_TYPES" | "AWS_REGION"
>;

/** How a function reaches OpenSearch. */
export const openSearchSettings = ({
  PULSE_OPENSEARCH_URL: url,
  PULSE_OPENSEARCH_AUTH: auth,
  // An environment without it is refused where it is needed.
  AWS_REGION: region = "",
}: Omit<StoreEnvironment, "PULSE_EVENT_TYPES">): OpenSearchSettings => ({ url, auth, region });

/** The event store that a function's environment names. It connects with its first request. */
export const openEventStore = (environment: StoreEnvironment): Promise<EventStore> =>
  openOpenSearchEventStore(openSearchSettings(environment), { types: environment.PULSE_EVENT_TYPES });
