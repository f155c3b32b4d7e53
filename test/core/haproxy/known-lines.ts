import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { knownFormatsOf } from "#core/haproxy/config/known-formats.ts";
import { readHaproxyConfig } from "#core/haproxy/config/read-haproxy-config.ts";
import type { KnownFormat } from "#core/haproxy/parser/haproxy-parser.ts";
import type { HaproxyRecord } from "#core/haproxy/parser/record.ts";
import { once } from "#core/once.ts";

/** A captured line of which it is known what a correct parser makes. */
export interface KnownLine {
  readonly format: string;
  readonly line: Uint8Array;
  readonly expected: Readonly<Record<string, unknown>>;
}

const fixtures = new URL("../../fixtures/haproxy/", import.meta.url);
const golden = new URL("../../../../shared/haproxy/", import.meta.url);

/** The project's own captures: what HAProxy printed for each field, one character a byte. */
export const labelledLines: readonly (KnownLine & { readonly printed: Readonly<Record<string, string>> })[] = readRows(
  readFileSync(new URL("labelled.ndjson", fixtures), "utf8"),
).map((row) => ({
  format: row.format as string,
  line: bytesOf(row.line, row.b64),
  expected: {},
  printed: row.printed as Record<string, string>,
}));

/** Every captured datagram, labelled or not. */
export const capturedLines: readonly Uint8Array[] = splitLines(readFileSync(new URL("lines.txt", fixtures)));

/** The configuration behind them. */
export const goldenFormats = (): KnownFormat[] =>
  knownFormatsOf(readHaproxyConfig(readFileSync(new URL("haproxy.cfg", golden), "utf8")));

/** Rows with the whole truth of a record, on machines that have them; the name of each file with its rows. */
export const goldenFiles: readonly { readonly name: string; readonly rows: () => readonly KnownLine[] }[] = [
  { name: "golden.jsonl", read: (file: URL) => readFileSync(file, "utf8") },
  { name: "golden-full.jsonl.gz", read: (file: URL) => gunzipSync(readFileSync(file)).toString("utf8") },
]
  .filter(({ name }) => existsSync(new URL(name, golden)))
  .map(({ name, read }) => ({
    name,
    rows: once(() =>
      readRows(read(new URL(name, golden))).map((row) => ({
        format: row.format as string,
        line: bytesOf(row.input, row.input_b64),
        expected: row.expected as Record<string, unknown>,
      })),
    ),
  }));

function readRows(ndjson: string): Record<string, unknown>[] {
  return ndjson.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Record<string, unknown>]));
}

function bytesOf(text: unknown, b64: unknown): Uint8Array {
  return typeof text === "string" ? Buffer.from(text, "utf8") : Buffer.from(b64 as string, "base64");
}

function splitLines(bytes: Buffer): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const feed = bytes.indexOf(0x0a, at);
    lines.push(bytes.subarray(at, feed));
    at = feed + 1;
  }
  return lines;
}

/** A field of a record as HAProxy printed it, one character a byte. */
export function printedField({ fields }: HaproxyRecord, name: string): string {
  const value = fields[name];
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return `{${value.map(latin1).join("|")}}`;
  return `${fields[`${name}_plus`] === true ? "+" : ""}${latin1(value)}`;
}

const latin1 = (value: unknown): string => {
  if (typeof value === "object" && value !== null && "b64" in value)
    return Buffer.from(value.b64 as string, "base64").toString("latin1");
  return Buffer.from(String(value), "utf8").toString("latin1");
};
