import { gzipSync } from "node:zlib";
import {
  type LogLine,
  type LogRecord,
  lineId,
  type Receipt,
  type ReceiptRecord,
  receiptId,
  toLogRecordLine,
} from "#core/haproxy/logs/log-record.ts";
import { RECEIVED_AT_MS } from "#test/support/samples/an-event.ts";

/** The spool that built records come from. */
export const INCARNATION = "0123456789abcdef";

const origin = {
  at: new Date(RECEIVED_AT_MS).toISOString(),
  namespace: "default",
  source: "edge-1",
};

/** A line of a gateway's spool; 1 is the first. */
export const aLogLine = (number: number, line: string, given: Partial<LogLine> = {}): LogLine => ({
  ...origin,
  id: lineId(INCARNATION, number),
  zone: "UTC",
  line,
  ...given,
});

export const aReceipt = (given: Partial<Receipt> = {}): Receipt => ({
  incarnation: INCARNATION,
  since: new Date(RECEIVED_AT_MS - 60_000).toISOString(),
  until: new Date(RECEIVED_AT_MS).toISOString(),
  from: 1,
  to: 10,
  received: 10,
  spooled: 8,
  sent: 8,
  lost: 2,
  interruptions: 0,
  sentTo: 10,
  dropped: [{ from: 4, to: 5, cause: "kernel" }],
  ...given,
});

export const aReceiptRecord = (number: number, given: Partial<ReceiptRecord> = {}): ReceiptRecord => ({
  ...origin,
  id: receiptId(INCARNATION, number),
  receipt: aReceipt(),
  ...given,
});

/** Records as a record of the stream holds them. */
export const toMember = (...records: readonly LogRecord[]): Buffer => gzipSync(records.map(toLogRecordLine).join(""));

/** A line as `option httplog` has it written, over RFC 3164. */
export const httplogLine = ({
  frontend = "web",
  backend = "app",
  server = "a1",
  status = 200,
  ta = 4,
  bytes = 77,
  cookie = "-",
  uri = "/",
  date = "15/Mar/2026:12:00:00.000",
} = {}): string =>
  `<134>Mar 15 12:00:00 edge-1 haproxy[9]: 192.0.2.7:40001 [${date}] ${frontend} ${backend}/${server} ` +
  `0/0/1/2/${ta} ${status} ${bytes} ${cookie} - ---- 1/1/0/0/0 0/0 "GET ${uri} HTTP/1.1"`;
