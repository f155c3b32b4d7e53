import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cpuMsOf } from "./cpu-time.ts";

const RSYSLOGD = "/usr/sbin/rsyslogd";
const MODULES = ["/usr/lib/x86_64-linux-gnu/rsyslog", "/usr/lib/aarch64-linux-gnu/rsyslog", "/usr/lib64/rsyslog"];
const CONFIGURATION = join(import.meta.dirname, "parse");
const MESSAGES = 200_000;
const START_MS = 10_000;
const RUN_MS = 120_000;
const POLL_MS = 50;

/**
 * What rsyslog's mmnormalize takes for the same lines: all processor time of rsyslogd from the first
 * line on, which is to receive them over TCP, to read their headers, to normalise them, and to write
 * JSON. Undefined where it is not installed.
 */
export async function measureMmnormalize(
  lines: readonly Buffer[],
): Promise<{ readonly linesPerSecond: number; readonly cpuSecondsPerMillion: number } | undefined> {
  const isInstalled = existsSync(RSYSLOGD) && MODULES.some((folder) => existsSync(join(folder, "mmnormalize.so")));
  if (!isInstalled) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "pulse-mmnormalize-"));
  const output = join(folder, "output");
  const portFile = join(folder, "port");
  const rsyslogd = spawn(RSYSLOGD, ["-n", "-f", join(CONFIGURATION, "rsyslog.conf"), "-i", join(folder, "pid")], {
    stdio: "ignore",
    env: {
      PULSE_BENCH_FOLDER: folder,
      PULSE_BENCH_RULEBASE: join(CONFIGURATION, "httplog.rulebase"),
      PULSE_BENCH_OUTPUT: output,
      PULSE_BENCH_PORT_FILE: portFile,
    },
  });
  const ended = once(rsyslogd, "exit");
  try {
    await until(
      () => existsSync(portFile) && readFileSync(portFile, "utf8") !== "",
      START_MS,
      "rsyslogd did not start",
    );
    const pid = rsyslogd.pid as number;
    const beforeMs = cpuMsOf(pid) ?? 0;
    const startMs = performance.now();
    const sent = await send(lines, Number(readFileSync(portFile, "utf8")));
    await restingSince(output, pid);
    const cpuMs = (cpuMsOf(pid) ?? 0) - beforeMs;
    // The time in which nothing came any more is no part of it.
    const seconds = (performance.now() - startMs - REST_MS) / 1000;
    return { linesPerSecond: sent / seconds, cpuSecondsPerMillion: (cpuMs * 1000) / sent };
  } finally {
    rsyslogd.kill();
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
}

async function send(lines: readonly Buffer[], port: number): Promise<number> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const all = Buffer.concat(
    lines.map((line) => (line.at(-1) === 0x0a ? line : Buffer.concat([line, Buffer.from("\n")]))),
  );
  let sent = 0;
  for (; sent < MESSAGES; sent += lines.length) if (!socket.write(all)) await once(socket, "drain");
  socket.end();
  await once(socket, "close");
  return sent;
}

const REST_MS = 1500;

/** Until it writes nothing any more, and takes no time. */
async function restingSince(output: string, pid: number): Promise<void> {
  let last = "";
  let sinceMs = performance.now();
  await until(
    () => {
      const now = `${existsSync(output) ? statSync(output).size : 0} ${cpuMsOf(pid)}`;
      if (now !== last) {
        last = now;
        sinceMs = performance.now();
      }
      return performance.now() - sinceMs > REST_MS;
    },
    RUN_MS,
    "rsyslogd did not come to an end",
  );
}

async function until(isDone: () => boolean, withinMs: number, failure: string): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!isDone()) {
    if (performance.now() > endMs) throw new Error(failure);
    await sleep(POLL_MS);
  }
}
