import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { openSearchSettings } from "#functions/shared/deployment/open-event-store.ts";
import { openClient } from "#stores/opensearch/client.ts";
import { installIndexTemplatesHandler } from "./install-index-templates.ts";

export const handler = installIndexTemplatesHandler(
  await openClient(openSearchSettings(environmentOf("install-index-templates"))),
);
