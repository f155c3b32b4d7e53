import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import type { LogRecord } from "#core/haproxy/logs/log-record.ts";
import { readLogRecord } from "#core/haproxy/logs/read-log-record.ts";

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly records: readonly LogRecord[];
}

/** What to answer instead of taking the records; `lost` takes them and ends the connection without an answer. */
export type Answer =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | "lost";

/** A Pulse API of this process that keeps what it is sent. */
export interface LogReceiver {
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
  /** Each record by its id, as it came first. */
  readonly records: ReadonlyMap<string, LogRecord>;
  close(): Promise<void>;
}

export async function openLogReceiver(
  answerTo: (request: ReceivedRequest) => Answer | undefined = () => undefined,
): Promise<LogReceiver> {
  const requests: ReceivedRequest[] = [];
  const records = new Map<string, LogRecord>();
  const keep = (record: LogRecord): void => {
    const known = records.get(record.id);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(record))
      throw new Error(`${record.id} is two records: ${JSON.stringify([known, record])}`);
    records.set(record.id, record);
  };
  const server = createServer(async (incoming, response) => {
    const lines = gunzipSync(await buffer(incoming))
      .toString()
      .trimEnd()
      .split("\n");
    const request = { path: incoming.url ?? "", headers: incoming.headers, records: lines.map(toRecord) };
    requests.push(request);
    const answer = answerTo(request);
    if (answer === undefined || answer === "lost") for (const record of request.records) keep(record);
    if (answer === "lost") response.destroy();
    else if (answer === undefined) take(request, response);
    else response.writeHead(answer.status, answer.headers).end(answer.body ?? "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    records,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function toRecord(line: string): LogRecord {
  const read = readLogRecord(line);
  if ("faults" in read) throw new Error(`${JSON.stringify(read.faults)}: ${line}`);
  return read.record;
}

function take({ records }: ReceivedRequest, response: ServerResponse): void {
  response
    .writeHead(200, { "content-type": "application/json" })
    .end(JSON.stringify({ accepted: records.length, unparsed: 0, rejected: 0, items: [] }));
}

/** The lines among records, as text, in the order of their ids. */
export const linesOf = (records: Iterable<LogRecord>): string[] =>
  [...records]
    .filter((record) => "line" in record)
    .sort((one, other) => (one.id < other.id ? -1 : 1))
    .map((record) => ("line" in record ? record.line : ""));
