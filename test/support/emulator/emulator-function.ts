import dns from "node:dns";
import { createRequire, syncBuiltinESMExports } from "node:module";
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

// Kinesis' client speaks HTTP/2 and signs `:authority`, which the emulator's
// server drops before signatures are verified.
handlers.NodeHttp2Handler = handlers.NodeHttpHandler;

/*
 * Receivers of webhooks have names of the internet, and none is of use here: `127-0-0-1.address.test` has its address
 * in it. Such names belong to nobody (RFC 6761, section 6.2), and no resolver is asked.
 */
const NAMED_BY_ADDRESS = /^(\d+)-(\d+)-(\d+)-(\d+)\.address\.test$/;
const lookup = dns.lookup as (hostname: string, ...rest: unknown[]) => void;
const lookUp = (hostname: string, ...rest: unknown[]): void =>
  lookup(hostname.replace(NAMED_BY_ADDRESS, "$1.$2.$3.$4"), ...rest);
Object.assign(dns, { lookup: Object.assign(lookUp, lookup) });
syncBuiltinESMExports();
