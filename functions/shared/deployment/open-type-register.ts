import type { TypeRegister } from "#core/events/types/type-register.ts";
import { openSearchSettings, type StoreEnvironment } from "#functions/shared/deployment/open-event-store.ts";
import type { RetryPolicy } from "#stores/opensearch/backoff.ts";
import { openClient } from "#stores/opensearch/client.ts";
import { DeclaredTypes } from "#stores/opensearch/declared-types.ts";
import { DEFAULT_PREFIX } from "#stores/opensearch/index-names.ts";

/** Somebody waits for the answer, and can ask again. */
const RETRY: RetryPolicy = { tries: 4, baseMs: 100, maxMs: 1_000 };

/** Where the types are declared that a function's environment speaks of. */
export const openTypeRegister = async (environment: StoreEnvironment): Promise<TypeRegister> =>
  new DeclaredTypes(await openClient(openSearchSettings(environment)), {
    prefix: DEFAULT_PREFIX,
    deployed: environment.PULSE_EVENT_TYPES,
    retry: RETRY,
    now: Date.now,
  });
