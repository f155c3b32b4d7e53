import { randomBytes } from "node:crypto";
import { asciiOf } from "#core/haproxy/parser/text.ts";

/*
 * What an agent beside a gateway hands on: one JSON object a line, the same in its spool, over HTTP, in the stream
 * `haproxy-logs` and in the archive. On the stream and in the archive such NDJSON is compressed, a gzip member a
 * record.
 */

/** What every record says of itself. */
export interface LogOrigin {
  /** A record with the same id is the same record. An agent's are `lineId` and `receiptId`. */
  readonly id: string;
  /** When it was received, an RFC 3339 instant. */
  readonly at: string;
  readonly namespace: string;
  /** The gateway's name. */
  readonly source: string;
}

/** The bytes of a line without the LF at their end: as text, or as Base64 when they are not UTF-8. */
export type LineBytes = { readonly line: string } | { readonly b64: string };

/** A line as a gateway logged it. */
export type LogLine = LogOrigin &
  LineBytes & {
    /** Of the gateway's clock: an IANA name, an offset or `UTC`. */
    readonly zone: string;
    /** The line was longer than a frame may be, or its connection ended within it: this is its beginning. */
    readonly cut?: true;
  };

/** What became of the lines of a gateway. */
export interface ReceiptRecord extends LogOrigin {
  readonly receipt: Receipt;
}

export type LogRecord = LogLine | ReceiptRecord;

/**
 * Why lines are missing: the kernel dropped datagrams that were not read in time (`kernel`), datagrams were read
 * faster than they could be spooled (`overload`), the spool was full (`spool-full`) or could not be written
 * (`spool-failed`), a part of it was damaged (`spool-damaged`), or the receiver will never take them and they were put
 * aside (`refused`).
 */
export const DROP_CAUSES = ["kernel", "overload", "spool-full", "spool-failed", "spool-damaged", "refused"] as const;
export type DropCause = (typeof DROP_CAUSES)[number];

/** Sequence numbers, both ends included. */
export interface SequenceRange {
  readonly from: number;
  readonly to: number;
}

export interface DroppedRange extends SequenceRange {
  readonly cause: DropCause;
}

/**
 * An agent numbers all lines it is given from 1, in a spool for ever; what is dropped has numbers too. So each number
 * up to `sentTo` is an event, or is in a `dropped` range of some receipt of the incarnation.
 */
export interface Receipt {
  readonly incarnation: string;
  /** The time it tells of; receipts of an incarnation follow each other without a gap. */
  readonly since: string;
  readonly until: string;
  /** The numbers given in that time; `to` is `from - 1` when there were none. */
  readonly from: number;
  readonly to: number;
  /** How many these are, and how many lines were spooled, delivered and lost in that time. */
  readonly received: number;
  readonly spooled: number;
  readonly sent: number;
  readonly lost: number;
  /** How often in that time the agent was ended by force: lines that it held and had not spooled have no number. */
  readonly interruptions: number;
  /** All up to this number is delivered or dropped. */
  readonly sentTo: number;
  /** What became known as dropped in that time; the oldest of a full spool have numbers from before. */
  readonly dropped: readonly DroppedRange[];
}

const SEQUENCE_DIGITS = 15;
/** How many lines share a tag by which they are counted. */
export const RECEIPT_BLOCK_LINES = 10_000;

/** Names a spool: a wiped one begins with another, so that numbers never come twice under the same name. */
export const newIncarnation = (): string => randomBytes(8).toString("hex");

/** `3f9a0c1d2b4e5f60-000000000012345`: sorts as the lines came. */
export const lineId = (incarnation: string, sequence: number): string =>
  `${incarnation}-${String(sequence).padStart(SEQUENCE_DIGITS, "0")}`;

/** `3f9a0c1d2b4e5f60-r000000000000042`: receipts are numbered by themselves. */
export const receiptId = (incarnation: string, number: number): string =>
  `${incarnation}-r${String(number).padStart(SEQUENCE_DIGITS, "0")}`;

const LINE_ID = /^([0-9a-f]{16})-(\d{15})$/;

/** `3f9a0c1d2b4e5f60-1`: the block of 10,000 numbers that a line's id falls into; undefined for other ids. */
export function receiptBlockOf(id: string): string | undefined {
  const [, incarnation, sequence] = LINE_ID.exec(id) ?? [];
  return incarnation && `${incarnation}-${Math.floor(Number(sequence) / RECEIPT_BLOCK_LINES)}`;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A line's bytes as a record carries them. */
export function toLineBytes(bytes: Uint8Array): LineBytes {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ascii = asciiOf(buffer, buffer.length);
  if (ascii !== undefined) return { line: ascii };
  try {
    return { line: utf8.decode(bytes) };
  } catch {
    return { b64: buffer.toString("base64") };
  }
}

/** The bytes that a record carries. */
export const fromLineBytes = (carried: LineBytes): Uint8Array =>
  "line" in carried ? Buffer.from(carried.line, "utf8") : Buffer.from(carried.b64, "base64");

/** A record as a line of NDJSON, its newline included. */
export const toLogRecordLine = (record: LogRecord): string => `${JSON.stringify(record)}\n`;
