import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, renameSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import type { Receipt } from "#core/haproxy/logs/log-record.ts";
import { bundleForwarder } from "#lib/bundle-forwarder.ts";
import { type Answer, type LogReceiver, linesOf, openLogReceiver } from "#test/agent/log-receiver.ts";
import { freePort } from "#test/support/http/free-port.ts";
import { type Random, seededRandom, seedOfThisRun } from "#test/support/random.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";
import { until } from "#test/support/until.ts";

let built: Awaited<ReturnType<typeof temporaryFolder>>;
let agentFile: string;
beforeAll(async () => {
  built = await temporaryFolder();
  agentFile = join(built.path, "pulse-forward.mjs");
  await bundleForwarder(agentFile);
});
afterAll(() => built.remove());

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let receiver: LogReceiver;
let agent: ChildProcess | undefined;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await end("SIGKILL");
  await receiver.close();
  await folder.remove();
});

async function start(args: readonly string[]): Promise<void> {
  agent = spawn(process.execPath, [agentFile, ...args, "--status", "off", "--zone", "UTC", "--source", "edge-1"], {
    env: {},
    stdio: ["ignore", "ignore", "pipe"],
  });
  await new Promise<void>((resolve, reject) => {
    let said = "";
    agent?.stderr?.on("data", (chunk) => {
      said += chunk;
      if (said.includes("the agent takes lines")) resolve();
    });
    agent?.on("exit", () => reject(new Error(`the agent has ended: ${said}`)));
  });
}

async function end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  if (agent === undefined) return;
  const exited = agent.exitCode === null && agent.signalCode === null ? once(agent, "exit") : Promise.resolve();
  agent.kill(signal);
  await exited;
  agent = undefined;
}

/** What goes wrong with one request of six. */
function trouble(random: Random): Answer | undefined {
  if (!random.chance(1 / 6)) return undefined;
  return random.oneOf<Answer>(["lost", { status: 500 }, { status: 429, headers: { "retry-after": "0" } }]);
}

/** Appends numbered lines to a file, whatever file has that name. */
async function writeFile(path: string, count: number, random: Random): Promise<void> {
  for (let number = 0; number < count; ) {
    const length = Math.min(random.integer(1, 400), count - number);
    const lines = Array.from({ length }, () => `<134>file ${number++}\n`);
    appendFileSync(path, lines.join(""));
    await sleep(random.integer(1, 30));
  }
}

/** Sends numbered lines over TCP, and connects again whenever the agent is gone. */
async function sendLines(port: number, isDone: () => boolean): Promise<number> {
  let number = 0;
  while (!isDone()) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
    while (!isDone() && (await isWritten(socket, `<134>tcp ${number++}\n`))) {
      if (number % 50 === 0) await Promise.race([sleep(5), closed]);
    }
    socket.destroy();
    await sleep(20);
  }
  return number;
}

const isWritten = (socket: Socket, text: string): Promise<boolean> =>
  new Promise((resolve) => {
    if (socket.destroyed) resolve(false);
    else socket.write(text, (error) => resolve(!error));
  });

const receiptsOf = ({ records }: LogReceiver): Receipt[] =>
  [...records.values()].flatMap((record) => ("receipt" in record ? [record.receipt] : []));

test("an agent that is killed at any moment loses no line of a file and doubles none of any input", async () => {
  const seed = seedOfThisRun();
  const random = seededRandom(seed);
  receiver = await openLogReceiver(() => trouble(random));
  const port = await freePort();
  const path = join(folder.path, "haproxy.log");
  const args = [
    "--file",
    path,
    "--tcp",
    `127.0.0.1:${port}`,
    "--to",
    receiver.url,
    "--spool",
    join(folder.path, "spool"),
  ];
  appendFileSync(path, "");
  const count = 20_000;

  await start(args);
  let isWritten = false;
  const writing = writeFile(path, count, random).then(() => {
    isWritten = true;
  });
  const isFromFile = (line: string): boolean => line.startsWith("<134>file");
  // On a busy machine the agent may be killed eight times before it has taken one.
  const isReceived = () => linesOf(receiver.records.values()).some((line) => !isFromFile(line));
  const sending = sendLines(port, () => isWritten && isReceived());
  for (let kills = 0; kills < 8; kills++) {
    await sleep(random.integer(0, 400));
    await end("SIGKILL");
    if (kills === 3) renameSync(path, `${path}.1`);
    await start(args);
  }
  await writing;
  const sent = await sending;
  await until(
    () => linesOf(receiver.records.values()).filter(isFromFile).length >= count,
    () => ({ seed, lines: linesOf(receiver.records.values()).filter(isFromFile).length }),
  );
  await end("SIGTERM");

  const lines = linesOf(receiver.records.values());
  const expected = Array.from({ length: count }, (_, number) => `<134>file ${number}`);
  expect({ seed, lines: lines.filter(isFromFile) }).toEqual({ seed, lines: expected });
  const overTcp = lines.filter((line) => !isFromFile(line));
  expect(new Set(overTcp).size).toBe(overTcp.length);
  expect(overTcp.length).toBeGreaterThan(0);
  expect(overTcp.length).toBeLessThanOrEqual(sent);

  // Every number is a line; the receipts say the same, and how often the agent was killed.
  const receipts = receiptsOf(receiver);
  const [incarnation = ""] = new Set(receipts.map((receipt) => receipt.incarnation));
  expect(
    [...receiver.records.keys()]
      .filter((id) => /-\d+$/.test(id))
      .sort()
      .at(-1),
  ).toBe(`${incarnation}-${String(lines.length).padStart(15, "0")}`);
  expect(receipts.reduce((sum, { received }) => sum + received, 0)).toBe(lines.length);
  expect(receipts.reduce((sum, { interruptions }) => sum + interruptions, 0)).toBe(8);
  expect(receipts.flatMap(({ dropped }) => dropped)).toEqual([]);
}, 90_000);

test("an agent whose spool is wiped sends under ids that nobody had", async () => {
  receiver = await openLogReceiver();
  const path = join(folder.path, "haproxy.log");
  const args = (spool: string) => ["--file", path, "--to", receiver.url, "--spool", join(folder.path, spool)];
  appendFileSync(path, "<134>a\n<134>b\n");

  for (const spool of ["one", "another"]) {
    await start(args(spool));
    const before = linesOf(receiver.records.values()).length;
    await until(() => linesOf(receiver.records.values()).length === before + 2);
    await end("SIGKILL");
  }

  expect(linesOf(receiver.records.values()).sort()).toEqual(["<134>a", "<134>a", "<134>b", "<134>b"]);
});

test("an agent that is told to end sends what it has before it goes", async () => {
  receiver = await openLogReceiver();
  const port = await freePort();
  await start(["--tcp", `127.0.0.1:${port}`, "--to", receiver.url, "--spool", join(folder.path, "spool")]);
  const socket = connect(port, "127.0.0.1");
  for (let number = 0; number < 5_000; number++) socket.write(`<134>${number}\n`);
  await new Promise<void>((resolve) => socket.end(() => resolve()));
  await once(socket, "close");

  await end("SIGTERM");

  expect(linesOf(receiver.records.values())).toEqual(Array.from({ length: 5_000 }, (_, number) => `<134>${number}`));
  expect(receiptsOf(receiver).at(-1)).toMatchObject({ from: 1, to: 5_000, received: 5_000, spooled: 5_000, lost: 0 });
});
