import { createRequire } from "node:module";
import { describe, expect, test } from "@jest/globals";
import { sign } from "#examples/shared/signed-api.ts";

interface Aws4Request {
  readonly headers: Readonly<Record<string, string>>;
}

/** What signs for the client of OpenSearch. */
const aws4 = createRequire(createRequire(import.meta.url).resolve("@opensearch-project/opensearch"))("aws4") as {
  sign(request: object, credentials: object): Aws4Request;
};

const signing = {
  url: "https://abc.execute-api.eu-central-1.amazonaws.com/v1",
  region: "eu-central-1",
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  sessionToken: "a+token/of=Lambda",
};
const now = new Date("2026-03-15T12:34:56.789Z");

describe("requests to a Pulse that is guarded by IAM", () => {
  test.each([
    ["GET", "/events?tag=gateways%3Ashop+a&tag=routes%3Agr%C3%BCn*%281%29&per_page=1", {}, ""],
    [
      "PUT",
      "/artifacts/scales/sava%2F9050",
      { "content-type": "application/json", "if-match": '"3"' },
      '{"instances":2}',
    ],
    ["GET", "/artifacts/gateways/a%20b'", { accept: "application/json" }, ""],
  ])("are signed as AWS's own signers sign: %s %s", (method, path, headers, body) => {
    const url = new URL(`${signing.url}/api/v1${path}`);
    const { authorization } = sign(signing, { method, url, headers, body }, now);

    const { headers: expected } = aws4.sign(
      {
        service: "execute-api",
        region: signing.region,
        method,
        host: url.host,
        path: url.pathname + url.search,
        headers: { ...headers, "X-Amz-Date": "20260315T123456Z" },
        ...(body !== "" && { body, extraHeadersToIgnore: { "content-length": true } }),
      },
      signing,
    );
    expect(authorization).toBe(expected.Authorization);
  });
});
