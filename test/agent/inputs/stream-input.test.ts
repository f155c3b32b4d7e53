import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "@jest/globals";
import { openStreamInput, type StreamInput, type StreamInputOptions } from "#agent/inputs/stream-input.ts";
import { MAX_FRAME_BYTES } from "#core/haproxy/syslog/syslog-frames.ts";
import { KeptLines } from "#test/agent/kept-lines.ts";
import { type KeptLog, keptLog } from "#test/agent/kept-log.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";
import { until } from "#test/support/until.ts";
import { untilClosed } from "#test/support/until-closed.ts";

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

interface OpenInput {
  readonly input: StreamInput;
  readonly sink: KeptLines;
  readonly log: KeptLog;
}

async function openInput(options: Partial<StreamInputOptions> = {}): Promise<OpenInput> {
  const sink = new KeptLines();
  const log = keptLog();
  const input = await openStreamInput({ address: { host: "127.0.0.1", port: 0 }, sink, log, ...options });
  opened.push(() => input.close());
  return { input, sink, log };
}

async function connected(to: number | string): Promise<Socket> {
  const socket = typeof to === "string" ? connect(to) : connect(to, "127.0.0.1");
  socket.on("error", () => {});
  opened.push(() => socket.destroy());
  await once(socket, "connect");
  return socket;
}

describe("a stream of syslog messages", () => {
  test("holds lines and octet-counted messages, however they are cut", async () => {
    const { input, sink } = await openInput();
    const socket = await connected(input.port);

    for (const byte of "<134>a\n7 <134>b\nmessage\n") {
      socket.write(byte);
      await sleep(1);
    }
    await until(() => sink.lines.length === 3);

    expect(sink.texts).toEqual(["<134>a", "<134>b\n", "message"]);
  });

  test("comes through a socket of the Unix domain, also where one was left behind by a kill", async () => {
    const folder = await temporaryFolder();
    opened.push(() => folder.remove());
    const path = join(folder.path, "ring.sock");
    const { input } = await openInput({ address: { path } });
    const taken = openStreamInput({ address: { path }, sink: new KeptLines(), log: keptLog() });
    await expect(taken).rejects.toThrow(`cannot listen on ${path}: it is taken`);
    await input.close();
    leaveSocketBehind(path);

    const { sink } = await openInput({ address: { path } });
    (await connected(path)).end("<134>a\n");

    await until(() => sink.lines.length === 1);
  });

  test("waits while there is no room, and loses nothing", async () => {
    const { input, sink } = await openInput();
    const socket = await connected(input.port);
    sink.isFull = true;
    const lines = Array.from({ length: 100_000 }, (_, index) => `<134>${index}`);

    socket.end(`${lines.join("\n")}\n`);
    await until(() => sink.lines.length > 0);
    await sleep(50);
    expect(sink.lines.length).toBeLessThan(lines.length / 2);
    sink.empty();

    await until(() => sink.lines.length === lines.length);
    expect(sink.texts).toEqual(lines);
  });

  test("whose message never ends is given its beginning and cut off", async () => {
    const { input, sink, log } = await openInput({ frameTimeoutMs: 200 });
    const socket = await connected(input.port);
    const closed = untilClosed(socket);
    const writing = setInterval(() => socket.write(Buffer.alloc(100_000, "x")), 5);
    opened.push(() => clearInterval(writing));

    socket.write("999999999 <134>");
    socket.resume();
    await closed;

    expect(sink.lines.map(({ bytes, cut }) => [bytes.length, cut])).toEqual([[MAX_FRAME_BYTES, true]]);
    expect(log.messages).toEqual(["a sender takes too long for one message and is cut off"]);
  });

  test("whose sender only waits stays open", async () => {
    const { input, sink } = await openInput({ frameTimeoutMs: 40 });
    const socket = await connected(input.port);
    socket.write("<134>a\n");
    await until(() => sink.lines.length === 1);
    await sleep(200);

    socket.write("<134>b\n");

    await until(() => sink.lines.length === 2);
  });

  test("of many senders that send byte by byte takes a bounded memory", async () => {
    const { input, sink, log } = await openInput({ maxHeldBytes: 1_000_000 });
    const sockets = await Promise.all(Array.from({ length: 40 }, () => connected(input.port)));

    for (const socket of sockets) socket.write(`60000 ${"x".repeat(40_000)}`);

    await until(() => input.connections < sockets.length);
    await until(() => sink.lines.length === sockets.length - input.connections);
    expect(input.connections).toBeLessThanOrEqual(25);
    expect(new Set(sink.lines.map(({ cut }) => cut))).toEqual(new Set([true]));
    expect(log.messages).toContain("senders hold too many unfinished messages: the oldest are cut off");
  });

  test("beyond the connections there may be is refused", async () => {
    const { input, log } = await openInput({ maxConnections: 2 });
    await Promise.all([connected(input.port), connected(input.port)]);
    await until(() => input.connections === 2);

    const third = await connected(input.port);
    third.resume();
    await untilClosed(third);

    expect(input.connections).toBe(2);
    expect(log.messages).toEqual(["a connection is refused: there are too many"]);
  });

  test("of a thousand senders at once is taken whole", async () => {
    const { input, sink } = await openInput();
    const sockets = await Promise.all(Array.from({ length: 1_000 }, () => connected(input.port)));

    for (const [index, socket] of sockets.entries()) socket.end(`<134>${index}\n`);

    await until(() => sink.lines.length === sockets.length);
    expect(new Set(sink.texts).size).toBe(sockets.length);
  }, 30_000);
});

/** A socket's file without a server, as a killed process leaves it. */
function leaveSocketBehind(path: string): void {
  const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", script], { env: {} });
}
