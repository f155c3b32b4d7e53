import { S3Client } from "@aws-sdk/client-s3";
import { EMULATED_CREDENTIALS, EMULATED_REGION } from "#test/support/emulator/emulator.ts";
import { type Signer, signedHeaders } from "#test/support/emulator/emulator-signature.ts";

export interface AccountRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Who signs. @default - the account's root */
  readonly signer?: Signer["credentials"] | "nobody";
}

/** Calls of the emulator as the root of its account. */
export interface EmulatedAccount {
  /** Any request, signed for the service. */
  send(service: string, path: string, request?: AccountRequest): Promise<Response>;
  /** An operation of a service that takes JSON, by its target: `DynamoDB_20120810.ListTables`. */
  json<Answer>(service: string, target: string, parameters?: object): Promise<Answer>;
  /** An operation of a service that takes a form and answers XML. */
  query(service: string, parameters: Readonly<Record<string, string>>): Promise<string>;
  readonly s3: S3Client;
}

const ANSWER_TIMEOUT_MS = 40_000;

export function emulatedAccount(emulatorUrl: string): EmulatedAccount {
  const region = EMULATED_REGION;
  const send: EmulatedAccount["send"] = (service, path, request = {}) => {
    const { method = "GET", headers = {}, body = "", signer = EMULATED_CREDENTIALS } = request;
    const url = new URL(path, emulatorUrl);
    const signed = (credentials: Signer["credentials"]) =>
      signedHeaders({ method, url, headers, body }, { service, region, credentials });
    return fetch(url, {
      method,
      headers: signer === "nobody" ? headers : signed(signer),
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      ...(body !== "" && { body }),
    });
  };
  return {
    send,
    async json(service, target, parameters = {}) {
      const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": target };
      const answer = await send(service, "/", { method: "POST", headers, body: JSON.stringify(parameters) });
      return JSON.parse(await textOf(answer, target));
    },
    async query(service, parameters) {
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const body = new URLSearchParams(parameters).toString();
      return textOf(await send(service, "/", { method: "POST", headers, body }), `${service} ${parameters.Action}`);
    },
    s3: new S3Client({ endpoint: emulatorUrl, region, credentials: EMULATED_CREDENTIALS, forcePathStyle: true }),
  };
}

async function textOf(answer: Response, what: string): Promise<string> {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${what} was answered ${answer.status}: ${text.slice(0, 500)}`);
  return text;
}

/** What stands in the elements of a name in an answer's XML; none of those that are asked for has elements in it. */
export const elementsOf = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, "gs"))].map(([, content]) => content as string);

/** The first of them, which must be there. */
export function elementOf(xml: string, name: string): string {
  const [content] = elementsOf(xml, name);
  if (content === undefined) throw new Error(`there is no ${name} in ${xml}`);
  return content;
}

export async function stackStatus(account: EmulatedAccount, stack: string): Promise<string> {
  const parameters = { Action: "DescribeStacks", StackName: stack, Version: "2010-05-15" };
  return elementOf(await account.query("cloudformation", parameters), "StackStatus");
}
