/** Jest's globalTeardown. */
export { closeOpenSearchBroker as default } from "#test/support/opensearch/open-opensearch-broker.ts";
