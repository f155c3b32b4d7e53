import { bundleFunctions } from "#lib/bundles.ts";

/** Importing this file builds the functions, once for all of a test file: two builds at a time would end each other. */
await bundleFunctions();
