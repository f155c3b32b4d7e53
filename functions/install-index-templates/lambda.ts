import { environmentOf } from "#functions/shared/environment.ts";
import { openSearchSettings } from "#functions/shared/open-event-store.ts";
import { openClient } from "#stores/opensearch/client.ts";
import { installIndexTemplatesHandler } from "./install-index-templates.ts";

export const handler = installIndexTemplatesHandler(
  await openClient(openSearchSettings(environmentOf("install-index-templates"))),
);
