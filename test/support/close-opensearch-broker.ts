/** Jest's globalTeardown. */
export { closeOpenSearchBroker as default } from "#test/support/open-opensearch-broker.ts";
