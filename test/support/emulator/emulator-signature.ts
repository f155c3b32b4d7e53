import { createHmac, hash } from "node:crypto";

export interface Signer {
  /** As credentials are scoped to it: `execute-api`, `iam` … */
  readonly service: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface SignedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The headers of a request signed with AWS's Signature Version 4, those that were given among them. */
export function signedHeaders(
  { method, url, headers, body }: SignedRequest,
  { service, region, credentials }: Signer,
  now = new Date(),
): Record<string, string> {
  const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const day = time.slice(0, "yyyymmdd".length);
  const signed = { host: url.host, "x-amz-date": time };
  const names = Object.keys(signed).join(";");
  const canonical = [
    method,
    url.pathname.split("/").map(encode).join("/"),
    canonicalQuery(url),
    ...Object.entries(signed).map(([name, value]) => `${name}:${value}`),
    "",
    names,
    hash("sha256", body),
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(
    (previous, part) => createHmac("sha256", previous).update(part).digest(),
    `AWS4${credentials.secretAccessKey}`,
  );
  const signature = createHmac("sha256", key)
    .update(["AWS4-HMAC-SHA256", time, scope, hash("sha256", canonical)].join("\n"))
    .digest("hex");
  return {
    ...headers,
    "x-amz-date": time,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

const canonicalQuery = ({ searchParams }: URL): string =>
  [...searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");

const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
