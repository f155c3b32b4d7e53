import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Input } from "#agent/inputs/line-sink.ts";
import { openUnixDatagramInput } from "#agent/inputs/unix-datagram-input.ts";
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
  path = join(folder.path, "log.sock");
  sink = new KeptLines();
  log = keptLog();
});
afterEach(async () => {
  await input?.close();
  input = undefined;
  await folder.remove();
});

const open = async (command?: string): Promise<void> => {
  input = await openUnixDatagramInput({
    path,
    sink,
    log,
    receiveBufferBytes: 1024 * 1024,
    ...(command && { command }),
  });
};

/** Sends each as a datagram, and waits where the reader is slower. */
const SEND = `
import socket, sys
sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for text in sys.argv[2:]:
    sender.sendto(text.encode(), sys.argv[1])
`;
const send = (...texts: string[]): unknown => spawnSync("python3", ["-c", SEND, path, ...texts]);

describe("a datagram socket of the Unix domain", () => {
  test("gives each datagram as a line, whatever is in it", async () => {
    await open();

    send("<134>a\n", "", "12 <134>two\nlines\n", "x".repeat(100_000), "<134>last");
    await until(() => sink.lines.length === 4);

    expect(sink.texts).toEqual(["<134>a", "12 <134>two\nlines", "x".repeat(65_536), "<134>last"]);
    expect(sink.lines.map(({ cut }) => cut)).toEqual([false, false, true, false]);
  });

  test("is there for anybody, and gone when the input is closed", async () => {
    await open();
    expect(existsSync(path)).toBe(true);

    await input?.close();

    expect(existsSync(path)).toBe(false);
  });

  test("whose reader was killed is read again", async () => {
    await open();
    const pids = spawnSync("python3", ["-c", READERS, path]).stdout.toString().trim().split("\n");
    expect(pids).toHaveLength(1);
    process.kill(Number(pids[0]), "SIGKILL");
    await until(() => log.messages.length > 0);

    await until(() => {
      send("<134>again");
      return sink.lines.length > 0;
    });

    expect(log.messages).toEqual(["the reader of an input has ended, and is started again"]);
  });

  test("that cannot be opened says why", async () => {
    path = join(folder.path, "no-such-folder", "log.sock");
    await expect(open()).rejects.toThrow(`cannot listen on ${path}: its reader has ended with 1`);
  });

  test("needs Python, and says so where it is missing", async () => {
    await expect(open("no-such-python")).rejects.toThrow(
      `cannot listen on ${path}: Unix datagrams are read by python3, which cannot be run`,
    );
  });
});

/** The processes that were told of that path, but for the one that looks. */
const READERS = `
import os, sys
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        command = open(f"/proc/{pid}/cmdline", "rb").read().split(b"\\0")
    except OSError:
        continue
    if sys.argv[1].encode() in command and int(pid) != os.getpid():
        print(pid)
`;
