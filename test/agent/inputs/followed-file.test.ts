import { appendFileSync, copyFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { followFile } from "#agent/inputs/followed-file.ts";
import type { Input } from "#agent/inputs/line-sink.ts";
import type { FilePosition } from "#agent/spool/ledger.ts";
import { MAX_FRAME_BYTES } from "#core/haproxy/syslog/syslog-frames.ts";
import { KeptLines } from "#test/agent/kept-lines.ts";
import { type KeptLog, keptLog } from "#test/agent/kept-log.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";
import { until } from "#test/support/until.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let path: string;
let sink: KeptLines;
let log: KeptLog;
let input: Input | undefined;
beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, "haproxy.log");
  sink = new KeptLines();
  log = keptLog();
});
afterEach(async () => {
  await input?.close();
  await folder.remove();
});

function follow({ position = undefined as FilePosition | undefined, from = "start" as "start" | "end" } = {}): void {
  input = followFile({ path, position, from, sink, log, pollMs: 5 });
}

const write = (...lines: string[]): void => appendFileSync(path, lines.map((line) => `${line}\n`).join(""));
const came = (...lines: string[]): Promise<void> =>
  until(
    () => sink.lines.length >= lines.length,
    () => sink.texts,
  ).then(() => expect(sink.texts).toEqual(lines));
const long = (name: string): string => `${name} ${"of a line that tells one file from another ".repeat(3)}`;

/** Ends it after those lines, as a kill does: what came later was not spooled. */
async function killAfter(lines: number): Promise<FilePosition> {
  await until(() => sink.lines.length >= lines);
  await input?.close();
  const position = sink.lines[lines - 1]?.followed?.position;
  sink = new KeptLines();
  if (position === undefined) throw new Error("a line without a position");
  return position;
}

describe("a followed file", () => {
  test("gives its lines as they are written, and a line when it is all there", async () => {
    write("a", "b");
    follow();
    await came("a", "b");

    appendFileSync(path, "c\r\n\nd and mo");
    await came("a", "b", "c");
    appendFileSync(path, "re\n");

    await came("a", "b", "c", "d and more");
  });

  test("may come later", async () => {
    follow();
    await until(() => log.messages.includes("a followed file cannot be read"));

    write("a");

    await came("a");
    expect(log.messages).toEqual(["a followed file cannot be read"]);
  });

  test("may be read from its end on", async () => {
    write("before");
    follow({ from: "end" });
    await new Promise((resolve) => setTimeout(resolve, 100));

    write("after");

    await came("after");
  });

  test("that is renamed is read to its end, then the one that has its name", async () => {
    write("a");
    follow();
    await came("a");

    renameSync(path, `${path}.1`);
    appendFileSync(`${path}.1`, "b\n");
    write("c");
    appendFileSync(`${path}.1`, "d, whose writer was gone");

    await came("a", "b", "d, whose writer was gone", "c");
  });

  test("that is truncated is read from its start", async () => {
    write(long("a"), long("b"));
    follow();
    await came(long("a"), long("b"));

    truncateSync(path);
    await until(() => log.messages.length > 0);
    write("c");

    await came(long("a"), long("b"), "c");
  });

  test("of which a line never ends gives its beginning", async () => {
    const endless = Buffer.alloc(700_000, "x");
    appendFileSync(path, endless);
    follow();
    await until(() => sink.lines.length === 1);
    appendFileSync(path, "rest\nnext\n");

    await until(() => sink.lines.length === 2);

    expect(sink.lines.map(({ bytes, cut }) => [bytes.length, cut])).toEqual([
      [MAX_FRAME_BYTES, true],
      [4, false],
    ]);
  });

  test("waits while there is no room", async () => {
    sink.isFull = true;
    const lines = Array.from({ length: 30_000 }, (_, index) => `line ${index} of very many`);
    write(...lines);
    follow();
    await until(() => sink.lines.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sink.lines.length).toBeLessThan(lines.length);

    sink.empty();

    await came(...lines);
  });
});

describe("a followed file after a kill", () => {
  test("goes on behind the last line that was spooled", async () => {
    write("a", "b", "c");
    follow();
    const position = await killAfter(2);
    write("d");

    follow({ position });

    await came("c", "d");
  });

  test("goes on in the file that was renamed meanwhile, through all that came behind it", async () => {
    write(long("a"), long("b"));
    follow();
    const position = await killAfter(1);
    renameSync(path, `${path}.1`);
    write(long("c"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    renameSync(`${path}.1`, `${path}.2`);
    renameSync(path, `${path}.1`);
    write(long("d"));

    follow({ position });

    await came(long("b"), long("c"), long("d"));
  });

  test("goes on in the copy of a file that was truncated meanwhile", async () => {
    write(long("a"), long("b"));
    follow();
    const position = await killAfter(1);
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    write(long("c"));

    follow({ position });

    await came(long("b"), long("c"));
  });

  test("says that lines may be missing where the file is gone, and begins with the one there is", async () => {
    write(long("a"), long("b"));
    follow();
    const position = await killAfter(1);
    renameSync(path, `${path}.1.gz`);
    write(long("c"));

    follow({ position });

    await came(long("c"));
    expect(log.messages).toContain("a followed file is not the one that was read before: lines may be missing");
  });

  test("is not deceived by another file in its place", async () => {
    write(long("a"), long("b"));
    follow();
    const position = await killAfter(2);
    writeFileSync(path, `${long("something else")}\n${long("of the same length or more")}\n`);

    follow({ position });

    await came(long("something else"), long("of the same length or more"));
  });
});
