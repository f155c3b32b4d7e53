import { createRequire } from "node:module";

/*
 * Loaded into every function that the emulator runs. Kinesis' client speaks HTTP/2 and signs `:authority`, which the
 * emulator's server drops before it verifies signatures; over HTTP/1.1 it signs `host`. As the client is a CommonJS
 * module, it takes whatever handler stands here when it loads.
 */
const handlers = createRequire(import.meta.url)("@smithy/node-http-handler");
handlers.NodeHttp2Handler = handlers.NodeHttpHandler;
