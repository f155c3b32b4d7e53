import { createHmac, hash } from "node:crypto";
import type { Send } from "./pulse-api.ts";

export interface Signing {
  /** Of the stage: `https://abc.execute-api.eu-central-1.amazonaws.com/v1`. */
  readonly url: string;
  readonly region: string;
  /** As Lambda has them in its environment. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** To an API that is guarded by IAM: signed by Signature Version 4. */
export const sendSigned =
  (signing: Signing, now = () => new Date()): Send =>
  (method, path, { headers = {}, body = "" } = {}) => {
    const url = new URL(`${signing.url}/api/v1${path}`);
    const signed = sign(signing, { method, url, headers, body }, now());
    return fetch(url, { method, headers: signed, ...(body !== "" && { body }) });
  };

export interface Signed {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The headers of the request with its signature (AWS General Reference, "Signing AWS API requests"). */
export function sign(signing: Signing, { method, url, headers, body }: Signed, now: Date): Record<string, string> {
  const { region, accessKeyId, secretAccessKey, sessionToken } = signing;
  const time = now.toISOString().replaceAll(/[:-]|\.\d{3}/g, "");
  const scope = [time.slice(0, 8), region, "execute-api", "aws4_request"];
  const signed: Record<string, string> = {
    ...headers,
    host: url.host,
    "x-amz-date": time,
    ...(sessionToken !== undefined && { "x-amz-security-token": sessionToken }),
  };
  const names = Object.keys(signed).sort();
  const canonical = [
    method,
    // Encoded once more, as everywhere but in S3.
    url.pathname.split("/").map(encoded).join("/"),
    [...url.searchParams]
      .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
      .sort()
      .join("&"),
    ...names.map((name) => `${name}:${signed[name]?.trim()}`),
    "",
    names.join(";"),
    hash("sha256", body),
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", time, scope.join("/"), hash("sha256", canonical)].join("\n");
  const key = scope.reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`);
  const signature = hmac(key, toSign).toString("hex");
  const credential = `${accessKeyId}/${scope.join("/")}`;
  const { host: _, ...sent } = signed;
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(";")}, Signature=${signature}`,
  };
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** RFC 3986, which leaves fewer characters as they are than JavaScript does. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

/** What Lambda and the stack of an example tell a function. */
export function sendFromLambda(): Send {
  const { PULSE_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (!PULSE_URL || !AWS_REGION || !AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY)
    throw new Error("PULSE_URL must be set, beside what Lambda sets: region and credentials");
  return sendSigned({
    url: PULSE_URL.replace(/\/$/, ""),
    region: AWS_REGION,
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
  });
}
