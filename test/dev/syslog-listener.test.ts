import { randomInt } from "node:crypto";
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { ReceivedLine } from "#agent/inputs/line-sink.ts";
import { MAX_FRAME_BYTES } from "#core/haproxy/syslog/syslog-frames.ts";
import { listenForSyslog, type SyslogListener } from "#dev/syslog-listener.ts";
import { untilClosed } from "#test/support/until-closed.ts";

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

interface Inbox {
  readonly listener: SyslogListener;
  readonly batches: (readonly ReceivedLine[])[];
  /** The lines as text, once there are so many. */
  readonly lines: (count: number) => Promise<string[]>;
}

async function openInbox(): Promise<Inbox> {
  const batches: (readonly ReceivedLine[])[] = [];
  let look = (): void => {};
  const listener = await listenForSyslog({
    onLines: (lines) => {
      batches.push(lines);
      look();
    },
  });
  opened.push(() => listener.close());
  const lines = (count: number): Promise<string[]> =>
    new Promise((resolve) => {
      look = () => {
        const all = batches.flat();
        if (all.length >= count) resolve(all.map(({ bytes }) => Buffer.from(bytes).toString("latin1")));
      };
      look();
    });
  return { listener, batches, lines };
}

async function connectTo({ port }: SyslogListener): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  await once(socket, "connect");
  opened.push(() => socket.destroy());
  return socket;
}

/** A port below those that the kernel gives away, so that nothing takes over TCP what is here taken over UDP alone. */
async function takeOverUdpAlone(): Promise<{ other: UdpSocket; port: number }> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const tcp = createServer();
    const other = createSocket("udp4");
    try {
      await once(tcp.listen(port, "127.0.0.1"), "listening");
      await new Promise<void>((resolve) => tcp.close(() => resolve()));
      other.bind(port, "127.0.0.1");
      await once(other, "listening");
      return { other, port };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
}

describe("syslog comes in over UDP and TCP on one port", () => {
  test("a datagram is a line, with its time", async () => {
    const { listener, batches, lines } = await openInbox();
    const sender = createSocket("udp4");
    opened.push(() => sender.close());
    const before = Date.now();

    sender.send(Buffer.from("<134>one\n\xff", "latin1"), listener.port, "127.0.0.1");

    expect(await lines(1)).toEqual(["<134>one\n\xff"]);
    const [received] = batches.flat();
    expect(received?.cut).toBe(false);
    expect(received?.receivedAtMs).toBeGreaterThanOrEqual(before);
  });

  test("a connection may send octet-counted and LF-delimited frames, byte by byte", async () => {
    const { listener, lines } = await openInbox();
    const socket = await connectTo(listener);
    socket.setNoDelay(true);

    for (const byte of Buffer.from("10 <134>a\nbcd<134>two\n"))
      await new Promise((resolve) => socket.write(Uint8Array.of(byte), resolve));

    expect(await lines(2)).toEqual(["<134>a\nbcd", "<134>two"]);
  });

  test("many connections are told apart, each in its order", async () => {
    const { listener, batches, lines } = await openInbox();
    const sockets = await Promise.all(Array.from({ length: 40 }, () => connectTo(listener)));

    for (let count = 0; count < 25; count++)
      for (const [index, socket] of sockets.entries()) socket.write(`<134>${index} says ${count}\n`);
    await lines(1000);

    const said = batches.flat().map(({ bytes }) => Buffer.from(bytes).toString().split(" "));
    const bySender = Map.groupBy(said, ([sender]) => sender);
    const counts = Array.from({ length: 25 }, (_, count) => `${count}`);
    expect(bySender.size).toBe(40);
    for (const words of bySender.values()) expect(words.map((line) => line.at(-1))).toEqual(counts);
  });

  test("lines that come together are handed on together", async () => {
    const { listener, batches, lines } = await openInbox();
    const socket = await connectTo(listener);

    socket.write("<134>x\n".repeat(500));
    await lines(500);

    expect(batches.length).toBeLessThan(50);
  });

  test("a half-closed connection's last line is kept, with or without its LF", async () => {
    const { listener, lines } = await openInbox();
    const socket = await connectTo(listener);

    socket.end("<134>first\n<134>last");

    expect(await lines(2)).toEqual(["<134>first", "<134>last"]);
  });

  test("a connection that is reset keeps what came before", async () => {
    const { listener, batches, lines } = await openInbox();
    const socket = await connectTo(listener);

    socket.write("<134>whole\n90 <134>part");
    await lines(1);
    socket.resetAndDestroy();

    expect(await lines(2)).toEqual(["<134>whole", "<134>part"]);
    expect(batches.flat().map(({ cut }) => cut)).toEqual([false, true]);
  });

  test("a frame over 64 KB is handed on as its beginning, marked as cut", async () => {
    const { listener, batches, lines } = await openInbox();
    const socket = await connectTo(listener);

    socket.write(`<134>${"x".repeat(MAX_FRAME_BYTES)}\n<134>next\n`);

    expect((await lines(2)).map((line) => line.length)).toEqual([MAX_FRAME_BYTES, 9]);
    expect(batches.flat().map(({ cut }) => cut)).toEqual([true, false]);
  });

  test("a slow taker gets everything, in order", async () => {
    const taken: string[] = [];
    const listener = await listenForSyslog({
      onLines: async (lines) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        taken.push(...lines.map(({ bytes }) => Buffer.from(bytes).toString()));
      },
    });
    opened.push(() => listener.close());
    const socket = await connectTo(listener);
    const sent = Array.from({ length: 30_000 }, (_, index) => `<134>${index}`);

    socket.end(sent.map((line) => `${line}\n`).join(""));
    await untilClosed(socket);
    while (taken.length < sent.length) await new Promise((resolve) => setTimeout(resolve, 10));

    expect(taken).toEqual(sent);
  });
});

describe("a syslog listener that cannot listen, or stops", () => {
  test("names the port that is taken over TCP", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    opened.push(() => other.close());
    const { port } = other.address() as { port: number };

    await expect(listenForSyslog({ port, onLines: () => {} })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}/tcp: it is taken`,
    );
  });

  test("names the port that is taken over UDP, and lets go of TCP's", async () => {
    const { other, port } = await takeOverUdpAlone();

    const attempt = listenForSyslog({ port, onLines: () => {} });

    await expect(attempt).rejects.toThrow(`cannot listen on 127.0.0.1:${port}/udp: it is taken`);
    await new Promise<void>((resolve) => other.close(resolve));
    const listener = await listenForSyslog({ port, onLines: () => {} });
    await listener.close();
  });

  test("has handed on what it received when it has closed, and ends its connections", async () => {
    const { listener, batches, lines } = await openInbox();
    const socket = await connectTo(listener);
    socket.on("error", () => {});
    socket.write("<134>whole\n<134>begun");
    await lines(1);

    const ended = untilClosed(socket);
    socket.resume();
    await listener.close();
    await ended;

    expect(batches.flat().map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(["<134>whole", "<134>begun"]);
  });
});
