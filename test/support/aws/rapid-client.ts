import { Agent, request } from "node:http";
import { registerHooks } from "node:module";
import { text } from "node:stream/consumers";

/*
 * Preloaded beside Lambda's own Node runtime client (`--import`): stands in for the one part of it that is native code,
 * `rapid-client.node`, so that nothing has to be compiled.
 */

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "./rapid-client.node"
      ? { url: import.meta.url, format: "module-typescript", shortCircuit: true }
      : next(specifier, context),
});

const INVOCATION = "/2018-06-01/runtime/invocation";

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
/** The native client answers before it asks again; here the next ask waits for the answer. */
let answered: Promise<unknown> = Promise.resolve();

/** Waits for the next invocation, as long as it takes. */
export async function next(): Promise<{ bodyJson: string; headers: object }> {
  await answered;
  return call("GET", "/next", "", {});
}

export function done(requestId: string, bodyJson: string): void {
  answered = call("POST", `/${requestId}/response`, bodyJson, { "content-type": "application/json" });
}

export function error(requestId: string, bodyJson: string, xrayCause: string): void {
  answered = call("POST", `/${requestId}/error`, bodyJson, {
    "content-type": "application/json",
    "lambda-runtime-function-xray-error-cause": xrayCause,
  });
}

function call(
  method: "GET" | "POST",
  path: string,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ bodyJson: string; headers: object }> {
  const url = `http://${process.env.AWS_LAMBDA_RUNTIME_API}${INVOCATION}${path}`;
  const length = method === "GET" ? {} : { "content-length": Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    request(url, { method, agent, headers: { ...headers, ...length } }, async (reply) => {
      resolve({ bodyJson: await text(reply), headers: reply.headers });
    })
      .on("error", reject)
      .end(body);
  });
}
