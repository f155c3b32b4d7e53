import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { buffer } from "node:stream/consumers";
import type { BlockOutcome, Output, RefusedRecord } from "#agent/outputs/output.ts";
import type { Block } from "#agent/spool/block.ts";
import { readRetryAfter } from "#core/retry-after.ts";

export interface HttpOutputOptions {
  /** Of `POST /haproxy/logs`, the namespace included. */
  readonly url: URL;
  /** What the `Authorization` header says; asked for before each request, so that a token may change. */
  readonly authorization: () => string | undefined;
  /** @default 30000 */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 30_000;
/** The API takes so many lines, and so much when it is inflated. */
const MAX_LINES = 10_000;
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MAX_ANSWER_BYTES = 6 * 1024 * 1024;

/** These say that something about the request's content is wrong; others, that it may pass later or elsewhere. */
const REFUSALS: ReadonlySet<number> = new Set([400, 413, 415, 422]);

/** To a Pulse API: a request carries its blocks as they are, gzip members one behind the other. */
export function openHttpOutput({ url, authorization, timeoutMs = TIMEOUT_MS }: HttpOutputOptions): Output {
  const isSecure = url.protocol === "https:";
  const agent = new (isSecure ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: 1 });
  const post = (body: Buffer): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const credentials = authorization();
      const headers = {
        "content-type": "application/x-ndjson",
        "content-encoding": "gzip",
        "content-length": body.length,
        ...(credentials !== undefined && { authorization: credentials }),
      };
      const signal = AbortSignal.timeout(timeoutMs);
      (isSecure ? requestHttps : requestHttp)(url, { method: "POST", agent, headers, signal }, resolve)
        .on("error", reject)
        .end(body);
    });

  return {
    name: url.origin + url.pathname,
    limits: { records: MAX_LINES, rawBytes: MAX_BODY_BYTES, bytes: MAX_BODY_BYTES },
    async send(blocks) {
      try {
        const answer = await post(Buffer.concat(blocks.map(({ body }) => body)));
        return toOutcomes(blocks, answer, await textOf(answer));
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        return blocks.map(() => ({ kind: "failed", reason: code === undefined ? message : `${code}: ${message}` }));
      }
    },
    close: () => agent.destroy(),
  };
}

async function textOf(answer: IncomingMessage): Promise<string> {
  if (Number(answer.headers["content-length"] ?? 0) > MAX_ANSWER_BYTES) {
    answer.destroy();
    throw new Error("the answer is too long to be one of Pulse");
  }
  return (await buffer(answer)).toString();
}

/** An item of the answer: lines that are not listed are taken. */
interface AnsweredLine {
  /** Counted from 1. */
  readonly line: number;
  readonly status: number;
  readonly problem?: { readonly detail?: string };
}

function toOutcomes(
  blocks: readonly Block[],
  { statusCode = 0, headers }: IncomingMessage,
  text: string,
): BlockOutcome[] {
  const all = (outcome: BlockOutcome): BlockOutcome[] => blocks.map(() => outcome);
  const reason = `it answered ${statusCode}`;
  if (statusCode !== 200) {
    if (REFUSALS.has(statusCode)) return all({ kind: "refused", reason: `${reason}: ${detailOf(text)}` });
    const retryAfterMs = readRetryAfter(headers["retry-after"], Date.now());
    return all({
      kind: "failed",
      reason: withProblem(reason, text),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  }
  const items = itemsOf(text);
  if (items === undefined) return all({ kind: "failed", reason: "it answered 200 without saying what of each line" });
  if (items.some(({ status }) => status >= 500)) return all({ kind: "failed", reason: "it did not take every line" });

  const refused = items.filter(({ status }) => status >= 400);
  let first = 1;
  return blocks.map(({ header }) => {
    const from = first;
    first += header.records;
    const own = refused.filter(({ line }) => line >= from && line < first);
    return own.length === 0 ? { kind: "delivered" } : { kind: "delivered", refused: own.map(toRefused(from)) };
  });
}

const toRefused =
  (from: number) =>
  ({ line, status, problem }: AnsweredLine): RefusedRecord => ({
    place: line - from,
    reason: problem?.detail ?? `it answered ${status}`,
  });

function itemsOf(text: string): readonly AnsweredLine[] | undefined {
  const items = parse(text)?.items;
  return Array.isArray(items) ? (items as AnsweredLine[]) : undefined;
}

/** A wrong namespace, a missing right: the problem says it. What is no problem, a proxy's page say, is left out. */
function withProblem(reason: string, text: string): string {
  const detail = parse(text)?.detail;
  return typeof detail === "string" ? `${reason}: ${detail.slice(0, 200)}` : reason;
}

const detailOf = (text: string): string => String(parse(text)?.detail ?? text.slice(0, 200));

function parse(text: string): Partial<Record<"items" | "detail", unknown>> | null | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
