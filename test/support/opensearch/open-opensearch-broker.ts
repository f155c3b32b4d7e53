import { type OpenSearchBroker, openBroker } from "#test/support/opensearch/opensearch-broker.ts";

let broker: OpenSearchBroker | undefined;

/** Jest's globalSetup. An OPENSEARCH_URL that is set already is used as it is. */
export default async function openOpenSearchBroker(): Promise<void> {
  if (process.env.OPENSEARCH_URL) return;
  broker = await openBroker();
  process.env.PULSE_OPENSEARCH_BROKER = broker.url;
}

export async function closeOpenSearchBroker(): Promise<void> {
  await broker?.close();
}
