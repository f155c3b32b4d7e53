import { Client } from "@opensearch-project/opensearch";
import { toFailure } from "./failure.ts";
import { LeanConnection } from "./lean-connection.ts";

/** Where OpenSearch is, and how it knows us. */
export type OpenSearchSettings = { readonly url: string; readonly requestTimeoutMs?: number } & (
  | { readonly auth: "none" }
  | { readonly auth: "sigv4"; readonly region: string }
);

const REQUEST_TIMEOUT_MS = 30_000;
const MAX_SOCKETS = 64;

/** A client that keeps its connections and never retries by itself: what may be retried, its callers know. */
export async function openClient(settings: OpenSearchSettings): Promise<Client> {
  return new Client({
    node: settings.url,
    requestTimeout: settings.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    maxRetries: 0,
    // After a fault the default asks `HEAD /`, which a role of one index may not.
    resurrectStrategy: "none",
    // Nothing that OpenSearch answers is merged into other objects; to search each answer for such keys took as long as
    // to parse it.
    disablePrototypePoisoningProtection: true,
    agent: { keepAlive: true, maxSockets: MAX_SOCKETS },
    ...(new URL(settings.url).protocol === "http:" && { Connection: LeanConnection }),
    ...(settings.auth === "sigv4" && (await signer(settings.region))),
  });
}

/** Loaded only where requests are signed: without it an import costs 8 ms less. */
async function signer(region: string): Promise<object> {
  const { AwsSigv4Signer } = await import("@opensearch-project/opensearch/aws-v3");
  return AwsSigv4Signer({ region, service: "es", getCredentials: async () => credentialsOfEnvironment() });
}

/** Lambda sets these for the life of an environment; they are AWS's convention, not settings of ours. */
function credentialsOfEnvironment() {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY)
    throw new Error("SigV4 needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment");
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
  };
}

export interface OpenSearchRequest {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: object;
  /** Instead of `body`: lines, each ended. */
  readonly ndjson?: string | Buffer;
  /** Instead of `body`: as it is, of the media type that `headers` say. */
  readonly text?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses that are an answer here and not a failure. */
  readonly expect?: readonly number[];
}

export interface OpenSearchReply<Body> {
  readonly status: number;
  readonly body: Body;
}

/** One request, once. Failures come as `toFailure` names them. */
export async function request<Body>(
  client: Client,
  { method, path, query = {}, body, ndjson, text = ndjson, headers, expect = [] }: OpenSearchRequest,
): Promise<OpenSearchReply<Body>> {
  try {
    const reply = await client.transport.request(
      { method, path, querystring: { ...query }, ...(body && { body }), ...(text && { bulkBody: text }) },
      { ignore: [...expect], ...(headers && { headers: { ...headers } }) },
    );
    return { status: reply.statusCode as number, body: reply.body as Body };
  } catch (error) {
    throw toFailure(error);
  }
}
