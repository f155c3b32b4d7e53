import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { S3ClientConfig } from "@aws-sdk/client-s3";

/** As much of S3 as dead letters need: objects can be put. */
export interface TestS3 {
  readonly config: S3ClientConfig;
  /** By `<bucket>/<key>`, with what is known of each. */
  readonly objects: ReadonlyMap<string, { readonly body: string; readonly contentType: string | undefined }>;
  /** From now on every put is answered with this error. */
  refuse(status: number, code: string): void;
  close(): Promise<void>;
}

export async function openS3(): Promise<TestS3> {
  const objects = new Map<string, { body: string; contentType: string | undefined }>();
  let refusal: { readonly status: number; readonly code: string } | undefined;
  const server = createServer(async (request, response) => {
    const body = await text(request);
    if (refusal !== undefined) {
      response.writeHead(refusal.status, { "content-type": "application/xml" });
      response.end(`<Error><Code>${refusal.code}</Code><Message>of the test</Message></Error>`);
      return;
    }
    const path = new URL(request.url as string, "http://s3").pathname;
    if (request.method === "PUT")
      objects.set(decodeURIComponent(path.slice(1)), { body, contentType: request.headers["content-type"] });
    response.writeHead(request.method === "PUT" ? 200 : 405).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    config: {
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      forcePathStyle: true,
      region: "eu-central-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    },
    objects,
    refuse: (status, code) => {
      refusal = { status, code };
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
