import type { APIGatewayProxyResult } from "aws-lambda";
import { invalidInput, PulseError } from "#core/errors.ts";
import { toReceiptText } from "#core/events/stream/receipt.ts";
import type { LogJournal } from "#core/haproxy/logs/log-journal.ts";
import { type ReceivedLine, receiveLogs } from "#core/haproxy/logs/receive-logs.ts";
import {
  faultsOfSender,
  type LogSender,
  readLogRecords,
  readRawLines,
  type SentLine,
} from "#core/haproxy/logs/sent-lines.ts";
import type { LineParser } from "#core/haproxy/parser/haproxy-parser.ts";
import { jsonAnswer } from "#functions/shared/http/answer.ts";
import { type ApiHandler, api } from "#functions/shared/http/api.ts";
import { statusOf, toProblem } from "#functions/shared/http/problem.ts";
import { type ApiRequest, mediaTypeOf } from "#functions/shared/http/request.ts";

export interface ReceiveHaproxyLogsOptions {
  readonly namespaces: readonly string[];
  readonly journal: LogJournal;
  readonly parse: LineParser;
  readonly now: () => number;
  /** Of the clocks of gateways that do not say theirs. */
  readonly zone: string;
}

/** `POST /haproxy/logs`: 200 once each line that is taken is durable, with counts and all that is worth telling. */
export const receiveHaproxyLogsHandler = (options: ReceiveHaproxyLogsOptions): ApiHandler =>
  api(options.namespaces, async (request) => {
    const sent = readSent(request, options);
    const received = await receiveLogs(sent, options);
    return toAnswer(received, request.namespace, options.now());
  });

const UNNAMED_SOURCE = "unnamed";
const MAX_LINES = 10_000;

/** Reads no further than it takes: four megabytes may be millions of lines. */
function readSent(request: ApiRequest, { zone, now }: ReceiveHaproxyLogsOptions): SentLine[] {
  const sent: SentLine[] = [];
  for (const line of readBody(request, senderOf(request, zone), now())) {
    if (sent.length === MAX_LINES)
      throw new PulseError("too-large", `the body has more than ${MAX_LINES} lines: send them in parts`);
    sent.push(line);
  }
  return sent;
}

/** What the query string says of all lines. */
function senderOf({ query, namespace }: ApiRequest, zone: string): LogSender {
  const sender = { namespace, source: query.get("source") ?? UNNAMED_SOURCE, zone: query.get("zone") ?? zone };
  const faults = faultsOfSender(sender);
  if (faults.length > 0)
    throw invalidInput(faults.map(({ pointer, detail }) => ({ pointer: pointer.slice(1), detail })));
  return sender;
}

function readBody(request: ApiRequest, sender: LogSender, nowMs: number): Iterable<SentLine> {
  const mediaType = mediaTypeOf(request);
  switch (mediaType) {
    case "text/plain":
      return readRawLines(request.bytes(), sender, nowMs);
    case "application/x-ndjson":
    case "application/ndjson":
    case "application/jsonl":
      return readLogRecords(request.text(), sender, nowMs);
    default:
      throw new PulseError(
        "unsupported-media-type",
        `the body is ${mediaType || "of no type"}; log lines are taken as text/plain, one a line, or as application/x-ndjson of log records (with curl: -H 'content-type: text/plain' --data-binary @haproxy.log)`,
      );
  }
}

/** With so much said, what else is wrong is told by its status alone: see `POST /events`. */
const MAX_PROBLEM_CHARACTERS = 1_000_000;

function toAnswer(received: readonly ReceivedLine[], namespace: string, nowMs: number): APIGatewayProxyResult {
  const points = received.flatMap((line) => ("point" in line ? [line.point] : []));
  refuseWhereNothingIsTaken(received, points.length);
  let unparsed = 0;
  let problemCharacters = 0;
  const items = received.flatMap((line) => {
    if (!("refused" in line)) {
      if (line.unparsed === undefined) return [];
      unparsed++;
      return [JSON.stringify({ line: line.place, status: 201, id: line.id, unparsed: line.unparsed })];
    }
    const isFull = problemCharacters > MAX_PROBLEM_CHARACTERS;
    const item = JSON.stringify(toRefusedItem(line.place, line.refused, isFull));
    problemCharacters += item.length;
    return [item];
  });
  const counts = `"accepted":${points.length},"unparsed":${unparsed},"rejected":${received.length - points.length}`;
  return jsonAnswer(
    200,
    `{${counts},"items":[${items.join(",")}]}`,
    points.length === 0 ? {} : { "pulse-receipt": toReceiptText(points, namespace, nowMs) },
  );
}

/** A journal that takes nothing is no answer of 200: the whole may be sent again. */
function refuseWhereNothingIsTaken(received: readonly ReceivedLine[], taken: number): void {
  if (taken > 0) return;
  for (const line of received) if ("refused" in line && line.refused.kind === "unavailable") throw line.refused;
}

const toRefusedItem = (line: number, refused: PulseError, isFull: boolean) =>
  refused.kind === "unavailable" || isFull
    ? { line, status: statusOf(refused) }
    : { line, status: statusOf(refused), problem: toProblem(refused) };
