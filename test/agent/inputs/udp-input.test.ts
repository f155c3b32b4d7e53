import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { afterEach, expect, test } from "@jest/globals";
import { openUdpInput, type UdpInput } from "#agent/inputs/udp-input.ts";
import { KeptLines } from "#test/agent/kept-lines.ts";
import { keptLog } from "#test/agent/kept-log.ts";
import { until } from "#test/support/until.ts";

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function openInput(
  receiveBufferBytes: number,
): Promise<{ input: UdpInput; sink: KeptLines; log: ReturnType<typeof keptLog> }> {
  const sink = new KeptLines();
  const log = keptLog();
  const input = await openUdpInput({ host: "127.0.0.1", port: 0, sink, log, receiveBufferBytes });
  opened.push(() => input.close());
  return { input, sink, log };
}

function send(port: number, datagrams: readonly Buffer[]): Promise<void> {
  const socket = createSocket("udp4");
  return new Promise((resolve) => {
    let left = datagrams.length;
    for (const datagram of datagrams)
      socket.send(datagram, port, "127.0.0.1", () => {
        if (--left === 0) socket.close(() => resolve());
      });
  });
}

/** Sends from another process, while this one can read nothing. */
const FLOOD = `
const { createSocket } = require("node:dgram");
const [port, count] = process.argv.slice(1).map(Number);
const socket = createSocket("udp4");
const next = (sent) => sent === count ? socket.close() : socket.send(Buffer.alloc(1000, 65), port, "127.0.0.1", () => next(sent + 1));
next(0);
`;

test("a datagram is a line without its end, and never cut in two", async () => {
  const { input, sink } = await openInput(65_536);

  await send(input.port, [Buffer.from("<134>a\n"), Buffer.from("<134>b\nc\r\n"), Buffer.alloc(60_000, "d")]);
  await until(() => sink.lines.length === 3);

  expect(sink.texts.sort()).toEqual(["<134>a", "<134>b\nc", "d".repeat(60_000)]);
});

test("what the kernel drops while nothing is read is counted to the last datagram", async () => {
  const { input, sink, log } = await openInput(65_536);
  const count = 3_000;

  spawnSync(process.execPath, ["-e", FLOOD, String(input.port), String(count)], { env: {} });
  await until(
    () => input.receivedLines === count,
    () => input.receivedLines,
  );

  const lost = sink.lost.reduce((sum, { count }) => sum + count, 0);
  expect(lost).toBeGreaterThan(100);
  expect(sink.lines.length + lost).toBe(count);
  expect(new Set(sink.lost.map(({ cause }) => cause))).toEqual(new Set(["kernel"]));
  expect(log.messages).toContain("the kernel has dropped datagrams that were not read in time");
});

test("what waits in the kernel when the input closes is taken", async () => {
  const { input, sink } = await openInput(4 * 1024 * 1024);

  spawnSync(process.execPath, ["-e", FLOOD, String(input.port), "500"], { env: {} });
  await input.close();
  opened.pop();

  expect(sink.lines.length + sink.lost.reduce((sum, { count }) => sum + count, 0)).toBe(500);
});

test("a buffer that the kernel does not grant is told", async () => {
  const { log } = await openInput(1024 * 1024 * 1024);

  expect(log.messages).toContain("the kernel grants a smaller receive buffer than was asked for: a burst may be lost");
});

test("a port that is taken is named", async () => {
  const { input } = await openInput(65_536);

  const attempt = openUdpInput({
    host: "127.0.0.1",
    port: input.port,
    sink: new KeptLines(),
    log: keptLog(),
    receiveBufferBytes: 65_536,
  });

  await expect(attempt).rejects.toThrow(`cannot listen on 127.0.0.1:${input.port}/udp: it is taken`);
});
