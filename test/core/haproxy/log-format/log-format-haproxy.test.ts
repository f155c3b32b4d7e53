import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { readHaproxyConfig } from "#core/haproxy/config/read-haproxy-config.ts";
import { describeHaproxy } from "#test/real-haproxy/describe-haproxy.ts";
import { complaintsOf } from "#test/real-haproxy/haproxy.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

jest.setTimeout(60_000);

/**
 * What formats and their quoting are made of, whole and broken; nothing that
 * HAProxy 2.6 does not have yet, or any more.
 */
const PIECES = [
  ..."% %% %ci %ST %hr %o %{+Q} %{+Q}r %{+Q}o %{Q}ci %{+Q,-E}CC %[src] %[src, %[src,,hex]".split(" "),
  ..."lower hex ] [ ) { } + - , \\ \" ' # $ x 5 \\x41 \\x4".split(" "),
  ...["%[str(a b)]", '%[str("a)")]', "%[str('\\')]", "%[src, hex]", " ", "\\ "],
];
const FORMATS = 300;
const HEAD = ["defaults", " mode http", " timeout client 1s", " timeout server 1s", " timeout connect 1s"];
const HARMLESS = " log-format x";

describeHaproxy("a log-format on a line of haproxy.cfg", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  /** The formats' lines that HAProxy refuses. It stops after fifty, and reads formats only when all lines are well. */
  function refusedLines(lines: readonly string[]): Set<number> {
    const left = [...lines];
    const refused = new Set<number>();
    for (;;) {
      const complaints = complaintsOf(folder.path, `${left.join("\n")}\n`);
      const formats = [...complaints.keys()].filter((line) => left[line - 1]?.startsWith(" log-format"));
      if (formats.length === 0) return refused;
      for (const line of formats) {
        refused.add(line);
        left[line - 1] = HARMLESS;
      }
    }
  }

  test("is refused where HAProxy refuses it, and nowhere else", () => {
    const quotes = fc.constantFrom("", '"', "'");
    const format = fc
      .tuple(quotes, fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 7 }))
      .map(([quote, pieces]) => ` log-format ${quote}${pieces.join("")}${quote}`);
    const lines = fc
      .sample(format, FORMATS)
      .flatMap((line, index) => [`frontend f${index}`, ` bind abns@f${index}`, " log 127.0.0.1:1 local0", line]);

    const theirs = refusedLines([...HEAD, ...lines]);

    const ours = readHaproxyConfig([...HEAD, ...lines].join("\n")).faults.filter(({ level }) => level === "error");
    const differing = [...theirs].filter((line) => !ours.some((fault) => fault.line === line));
    const onlyOurs = ours.filter(({ line }) => !theirs.has(line));
    expect(differing.map((line) => lines[line - 1 - HEAD.length])).toEqual([]);
    expect(onlyOurs.map(({ line, says }) => [lines[line - 1 - HEAD.length], says])).toEqual([]);
    expect(theirs.size).toBeGreaterThan(FORMATS / 10);
    expect(theirs.size).toBeLessThan((FORMATS / 10) * 9);
  });
});
