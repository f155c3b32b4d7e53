import { environmentOf } from "#functions/shared/environment.ts";
import { openClient } from "#stores/opensearch/client.ts";
import { installIndexTemplatesHandler } from "./install-index-templates.ts";

const {
  PULSE_OPENSEARCH_URL: url,
  PULSE_OPENSEARCH_AUTH: auth,
  AWS_REGION: region = "",
} = environmentOf("install-index-templates");

export const handler = installIndexTemplatesHandler(await openClient({ url, auth, region }));
