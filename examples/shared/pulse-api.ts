/** Sends a request to a Pulse API; the path is the one below its base path. */
export type Send = (method: "GET" | "POST" | "PUT", path: string, request?: Request) => Promise<Response>;

export interface Request {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** To an API that asks nobody who they are, as the local server, or with what its `Authorization` header must say. */
export const sendTo =
  (url: string, authorization?: string): Send =>
  (method, path, { headers, body } = {}) =>
    fetch(`${url}/api/v1${path}`, {
      method,
      headers: { ...headers, ...(authorization !== undefined && { authorization }) },
      ...(body !== undefined && { body }),
    });

export interface ReadArtifact<Value> {
  readonly value: Value;
  /** Names this version, for whoever replaces it. */
  readonly etag: string;
  readonly changedAtMs: number;
}

const artifactPath = (kind: string, name: string): string => `/artifacts/${kind}/${encodeURIComponent(name)}`;

export async function readArtifact<Value>(send: Send, kind: string, name: string): Promise<ReadArtifact<Value>> {
  const response = await good(send("GET", artifactPath(kind, name), { headers: { accept: "application/json" } }));
  return {
    value: (await response.json()) as Value,
    etag: response.headers.get("etag") as string,
    changedAtMs: Date.parse(response.headers.get("last-modified") as string),
  };
}

/**
 * Puts the artifact in the place of that version; answers false where somebody else was faster. Without one it is new.
 */
export async function putArtifact(
  send: Send,
  kind: string,
  name: string,
  value: object,
  etag?: string,
): Promise<boolean> {
  const headers = { "content-type": "application/json", ...(etag !== undefined && { "if-match": etag }) };
  const response = await send("PUT", artifactPath(kind, name), { headers, body: JSON.stringify(value) });
  if (response.status === 412) return false;
  await good(Promise.resolve(response));
  return true;
}

export interface MeasuredEvent {
  readonly id: string;
  readonly timestamp: string;
  readonly value: number;
}

/** The newest event that has all of the tags. */
export async function newestEvent(send: Send, tags: readonly string[]): Promise<MeasuredEvent | undefined> {
  const query = new URLSearchParams([["per_page", "1"], ...tags.map((tag): [string, string] => ["tag", tag])]);
  const [event] = (await (await good(send("GET", `/events?${query}`))).json()) as MeasuredEvent[];
  return event;
}

async function good(sent: Promise<Response>): Promise<Response> {
  const response = await sent;
  if (!response.ok) throw new Error(`Pulse answered ${response.status}: ${await response.text()}`);
  return response;
}
