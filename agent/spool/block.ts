import { crc32 } from "node:zlib";
import type { LedgerState } from "#agent/spool/ledger.ts";

/*
 * A spool is segments, and a segment is blocks, one behind the other:
 *
 *     #pulse <checksum> <header's bytes> <body's bytes>\n<header as JSON>\n<body>
 *
 * with the three numbers in eight hexadecimal digits. The body is a gzip member of NDJSON, one log record a line, as it will
 * be sent; it is empty where only the header counts. The checksum is the CRC-32 of header and body.
 */

export interface BlockHeader {
  readonly incarnation: string;
  /** The number of the first line; those of the block follow each other. */
  readonly from: number;
  readonly lines: number;
  /** Lines and receipts: what the body holds. */
  readonly records: number;
  /** Of the body when it is inflated. */
  readonly rawBytes: number;
  /** When the first of its lines was received, or the block written. */
  readonly atMs: number;
  /** All that an agent must know to go on behind this block. */
  readonly ledger: LedgerState;
}

export interface Block {
  readonly header: BlockHeader;
  readonly body: Buffer;
}

const MAGIC = "#pulse ";
const PREAMBLE = /^#pulse ([0-9a-f]{8}) ([0-9a-f]{8}) ([0-9a-f]{8})\n$/;
export const PREAMBLE_BYTES = MAGIC.length + 3 * 9;
/** Beyond, a length is not one that was written. */
const MAX_PART_BYTES = 16 * 1024 * 1024;

const hex = (number: number): string => number.toString(16).padStart(8, "0");

export function encodeBlock({ header, body }: Block): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const preamble = `${MAGIC}${hex(crc32(body, crc32(json)))} ${hex(json.length)} ${hex(body.length)}\n`;
  return Buffer.concat([Buffer.from(preamble), json, Buffer.from("\n"), body]);
}

interface Preamble {
  readonly checksum: number;
  readonly headerBytes: number;
  readonly bodyBytes: number;
}

/** Undefined when no block begins there. */
function readPreamble(bytes: Buffer, at: number): Preamble | undefined {
  const parts = PREAMBLE.exec(bytes.toString("latin1", at, at + PREAMBLE_BYTES));
  if (parts === null) return undefined;
  const [checksum = 0, headerBytes = 0, bodyBytes = 0] = parts.slice(1).map((part) => Number.parseInt(part, 16));
  return headerBytes <= MAX_PART_BYTES && bodyBytes <= MAX_PART_BYTES
    ? { checksum, headerBytes, bodyBytes }
    : undefined;
}

/** How long the block is that begins there, as its preamble has it; undefined when none begins there. */
export function blockBytesAt(bytes: Buffer, at: number): number | undefined {
  const preamble = readPreamble(bytes, at);
  return preamble && PREAMBLE_BYTES + preamble.headerBytes + 1 + preamble.bodyBytes;
}

/** The block that begins there; undefined when it is not all there, or not as it was written. */
export function decodeBlock(bytes: Buffer, at: number): (Block & { readonly end: number }) | undefined {
  const preamble = readPreamble(bytes, at);
  if (preamble === undefined) return undefined;
  const bodyAt = at + PREAMBLE_BYTES + preamble.headerBytes + 1;
  const end = bodyAt + preamble.bodyBytes;
  if (end > bytes.length) return undefined;
  const json = bytes.subarray(at + PREAMBLE_BYTES, bodyAt - 1);
  const body = bytes.subarray(bodyAt, end);
  if (crc32(body, crc32(json)) !== preamble.checksum) return undefined;
  return { header: JSON.parse(json.toString()) as BlockHeader, body, end };
}

/** Where the next whole block begins, from there on. */
export function findBlock(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(MAGIC, from); at !== -1; at = bytes.indexOf(MAGIC, at + 1))
    if (decodeBlock(bytes, at) !== undefined) return at;
  return undefined;
}
