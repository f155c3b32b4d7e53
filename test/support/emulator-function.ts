import { createRequire } from "node:module";
import type { NodeHttpHandler } from "@smithy/node-http-handler";

/*
 * Loaded into every function that the emulator runs, for what lies between plain HTTP on loopback and AWS. The SDK is
 * CommonJS: its clients take the handlers that stand here when they load.
 */
const handlers = createRequire(import.meta.url)("@smithy/node-http-handler");

// Says that TLS was there: buckets refuse what comes without.
const handler: NodeHttpHandler = handlers.NodeHttpHandler.prototype;
const handle = handler.handle;
handler.handle = function (request, options) {
  request.headers["x-forwarded-proto"] = "https";
  return handle.call(this, request, options);
};

// Kinesis' client speaks HTTP/2 and signs `:authority`, which the emulator's server drops before signatures are verified.
handlers.NodeHttp2Handler = handlers.NodeHttpHandler;
