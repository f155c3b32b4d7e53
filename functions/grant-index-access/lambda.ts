import { environmentOf } from "#functions/shared/environment.ts";
import { openClient } from "#stores/opensearch/client.ts";
import { grantIndexAccessHandler } from "./grant-index-access.ts";

const {
  PULSE_OPENSEARCH_URL: url,
  PULSE_OPENSEARCH_AUTH: auth,
  AWS_REGION: region = "",
} = environmentOf("grant-index-access");

export const handler = grantIndexAccessHandler(await openClient({ url, auth, region }));
