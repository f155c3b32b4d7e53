import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { S3ClientConfig } from "@aws-sdk/client-s3";

interface TestObject {
  readonly bytes: Buffer;
  /** The bytes as text. */
  readonly body: string;
  readonly contentType: string | undefined;
  readonly modifiedMs: number;
}

/** As much of S3 as dead letters and the archive need: objects can be put, read, copied, removed and listed. */
export interface TestS3 {
  readonly config: S3ClientConfig;
  /** What a process needs to find it. */
  readonly environment: Readonly<Record<string, string>>;
  /** By `<bucket>/<key>`. */
  readonly objects: ReadonlyMap<string, TestObject>;
  /** The requests so far, as `<method> <path and query>`. */
  readonly requests: readonly string[];
  put(name: string, content: Buffer | string, modifiedMs?: number): void;
  /** From now on every put is answered with this error. */
  refuse(status: number, code: string): void;
  close(): Promise<void>;
}

/** Few, so that whoever lists has to go on. */
const LISTED_AT_ONCE = 3;

export async function openS3(): Promise<TestS3> {
  const objects = new Map<string, TestObject>();
  const requests: string[] = [];
  let refusal: { readonly status: number; readonly code: string } | undefined;

  function put(name: string, content: Buffer | string, modifiedMs = Date.now(), contentType?: string): void {
    const bytes = Buffer.from(content);
    objects.set(name, { bytes, body: bytes.toString(), contentType, modifiedMs });
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await buffer(request);
    const url = new URL(request.url as string, "http://s3");
    requests.push(`${request.method} ${request.url}`);
    const name = decodeURIComponent(url.pathname.slice(1));
    const found = objects.get(name);
    const source = request.headers["x-amz-copy-source"];
    if (request.method === "PUT" && refusal !== undefined) return fail(response, refusal.status, refusal.code);
    if (request.method === "PUT" && source === undefined) {
      put(name, bytes, Date.now(), request.headers["content-type"]);
      response.end();
    } else if (request.method === "PUT") {
      const copied = objects.get(decodeURIComponent(String(source)));
      if (copied === undefined) return fail(response, 404, "NoSuchKey");
      objects.set(name, { ...copied, modifiedMs: Date.now() });
      response.end("<CopyObjectResult><ETag>e</ETag></CopyObjectResult>");
    } else if (request.method === "DELETE") {
      objects.delete(name);
      response.writeHead(204).end();
    } else if (url.searchParams.get("list-type") === "2") {
      response.end(listing(objects, name.replace(/\/$/, ""), url.searchParams));
    } else if (found === undefined) fail(response, 404, "NoSuchKey");
    else response.end(found.bytes);
  }

  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/xml");
    void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    config: {
      endpoint,
      forcePathStyle: true,
      region: "eu-central-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    },
    environment: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: "eu-central-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    },
    objects,
    requests,
    put,
    refuse: (status, code) => {
      refusal = { status, code };
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function fail(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status).end(`<Error><Code>${code}</Code><Message>of the test</Message></Error>`);
}

/**
 * A page of ListObjectsV2: what begins alike up to the delimiter is one common
 * prefix. The token is the last name given.
 */
function listing(objects: ReadonlyMap<string, TestObject>, bucket: string, asked: URLSearchParams): string {
  const prefix = asked.get("prefix") ?? "";
  const delimiter = asked.get("delimiter");
  const after = asked.get("continuation-token") ?? "";
  const names = new Map<string, string>();
  for (const [name, { bytes, modifiedMs }] of objects) {
    const key = name.slice(bucket.length + 1);
    if (!name.startsWith(`${bucket}/${prefix}`)) continue;
    const end = delimiter === null ? -1 : key.indexOf(delimiter, prefix.length);
    const common = key.slice(0, end + 1);
    const modified = new Date(modifiedMs).toISOString();
    if (end === -1)
      names.set(
        key,
        `<Contents><Key>${key}</Key><Size>${bytes.length}</Size><LastModified>${modified}</LastModified></Contents>`,
      );
    else names.set(common, `<CommonPrefixes><Prefix>${common}</Prefix></CommonPrefixes>`);
  }
  const left = [...names].filter(([name]) => name > after).sort(([one], [other]) => (one < other ? -1 : 1));
  const page = left.slice(0, LISTED_AT_ONCE);
  const isMore = page.length < left.length;
  const next = isMore ? `<NextContinuationToken>${page.at(-1)?.[0]}</NextContinuationToken>` : "";
  const entries = page.map(([, entry]) => entry).join("");
  return `<ListBucketResult><IsTruncated>${isMore}</IsTruncated>${next}${entries}</ListBucketResult>`;
}
