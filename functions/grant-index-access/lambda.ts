import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { openSearchSettings } from "#functions/shared/deployment/open-event-store.ts";
import { openClient } from "#stores/opensearch/client.ts";
import { grantIndexAccessHandler } from "./grant-index-access.ts";

export const handler = grantIndexAccessHandler(
  await openClient(openSearchSettings(environmentOf("grant-index-access"))),
);
