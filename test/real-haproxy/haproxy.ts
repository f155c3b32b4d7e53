import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endProcess } from "#test/support/end-process.ts";

/** The haproxy of this machine, if it has one. */
export const hasHaproxy = (): boolean => spawnSync("haproxy", ["-v"]).status === 0;

/** What HAProxy says against a configuration, by lines. */
export function complaintsOf(folder: string, config: string): Map<number, string> {
  const file = join(folder, "haproxy.cfg");
  writeFileSync(file, config);
  const { stderr } = spawnSync("haproxy", ["-c", "-f", file], { encoding: "utf8" });
  const complaints = stderr.matchAll(/\[ALERT\].*?haproxy\.cfg:(\d+)\] ?: (.*)/g);
  return new Map([...complaints].map(([, line, says]) => [Number(line), says as string]));
}

export interface RunningHaproxy {
  /** Takes its clients' connections down first, so that each is logged. */
  stop(): Promise<void>;
}

export interface HaproxyOptions {
  readonly config: string;
  /** Of its clock. */
  readonly zone: string;
  readonly port: number;
  /** A file for its standard output. @default none */
  readonly output?: number | "ignore";
}

const STARTS_WITHIN_MS = 10_000;

/** Starts HAProxy and waits until that port takes connections. */
export async function startHaproxy(
  folder: string,
  { config, zone, port, output = "ignore" }: HaproxyOptions,
): Promise<RunningHaproxy> {
  const file = join(folder, "haproxy.cfg");
  writeFileSync(file, config);
  const haproxy = spawn("haproxy", ["-db", "-f", file], {
    env: { ...process.env, TZ: zone },
    stdio: ["ignore", output, "pipe"],
    detached: true,
  });
  let said = "";
  haproxy.stderr?.on("data", (chunk) => {
    said += chunk;
  });
  await untilListening(haproxy, port, () => said);
  return { stop: () => endProcess(haproxy) };
}

async function untilListening(haproxy: ChildProcess, port: number, said: () => string): Promise<void> {
  const deadlineMs = Date.now() + STARTS_WITHIN_MS;
  while (!(await takesConnections(port))) {
    if (haproxy.exitCode !== null || Date.now() > deadlineMs) {
      await endProcess(haproxy);
      throw new Error(`haproxy does not start: ${said()}`);
    }
    await sleep(50);
  }
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

/** Ports that are free now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createTcpServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Takes datagrams. */
export async function openSink(): Promise<{ port: number; datagrams: Buffer[]; close(): void }> {
  const socket = createSocket({ type: "udp4", recvBufferSize: 8 * 1024 * 1024 });
  const datagrams: Buffer[] = [];
  socket.on("message", (datagram) => datagrams.push(datagram));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return { port: socket.address().port, datagrams, close: () => socket.close() };
}

/** A server behind HAProxy, whose answers are not plain either. */
export async function openBackend(): Promise<{ port: number; server: Server }> {
  const server = createServer((request, response) => {
    response.writeHead(request.url?.includes("500") ? 500 : 200, {
      server: 'x y/1 {z|} "q"',
      "set-cookie": 'SID=a "b" c; path=/',
    });
    response.end(`hello ${request.url}`);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, server };
}

/** Sends bytes on a connection of its own, and waits until it is closed; closes it itself after a while. */
export const sendRaw = (port: number, bytes: string, patienceMs: number): Promise<void> =>
  sendOn(connect(port, "127.0.0.1"), bytes, patienceMs);

/** The same on this connection, whether it is open yet or not. */
export function sendOn(socket: Socket, bytes: string, patienceMs: number): Promise<void> {
  return new Promise((resolve) => {
    socket.setTimeout(patienceMs, () => socket.destroy());
    socket.on("error", () => {});
    socket.on("close", () => resolve());
    socket.write(Buffer.from(bytes, "latin1"));
    socket.resume();
  });
}

/** The section `defaults` of a proxy that soon gives up on whoever sends or answers nothing. */
export const IMPATIENT_DEFAULTS = `defaults
  log global
  mode http
  timeout connect 1s
  timeout client 400ms
  timeout server 1s
  timeout http-request 400ms
  timeout queue 200ms`;
