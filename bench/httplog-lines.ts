import { goldenFiles, labelledLines } from "#test/core/haproxy/known-lines.ts";

/** Enough for a round to take longer than the clock's grain. */
const LEAST_LINES = 4000;

/** `<134>Nov 22 01:22:46 gw-1 haproxy[71]: ` */
const HEADER = /^<\d+>[A-Z][a-z]{2} [ \d]\d [\d:]{8} [^ ]+ [^ ]+\[\d+\]: /;

/**
 * Captured httplog lines, hostile and cut ones among them, repeated until there are enough; and where they are from.
 */
export function httplogLines(): { readonly lines: readonly Buffer[]; readonly from: string } {
  const golden = goldenFiles.at(-1);
  const captured = (golden?.rows() ?? labelledLines).filter(({ format }) => format === "httplog");
  const lines = captured.map(({ line }) => Buffer.from(line)).filter((line) => HEADER.test(line.toString("latin1")));
  const repeated = Array.from({ length: Math.ceil(LEAST_LINES / lines.length) }, () => lines).flat();
  return { lines: repeated, from: golden?.name ?? "test/fixtures/haproxy" };
}
