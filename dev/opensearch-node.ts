import { type ChildProcess, execFile } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { chown, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import { spawnWithLifeline } from "#dev/lifeline.ts";
import { unpackedOpenSearch } from "#dev/opensearch-distribution.ts";
import { findJava, type Java } from "#dev/opensearch-java.ts";

export interface OpenSearchOptions {
  /** @default a free one */
  readonly port?: number;
  /** Keeps the data after the stop. @default a temporary folder, removed at the stop */
  readonly dataFolder?: string;
  /** As Java writes it. @default "512m" */
  readonly heap?: string;
  /**
   * For a node of minutes: without the compiler that spends more on code than such a node has of using it, and without
   * threads beside the collector's one. @default false
   */
  readonly isShortLived?: boolean;
  /** Of opensearch.yml, besides or instead of what a laptop needs. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Told what takes time. */
  readonly report?: (progress: string) => void;
}

export interface OpenSearchNode {
  readonly url: string;
  readonly pid: number;
  /** When the process has ended, by `stop` or by itself. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
  /** SIGKILL: it tidies nothing up. */
  kill(): Promise<void>;
}

const START_TIMEOUT_MS = 180_000;
const POLL_MS = 100;
/** OpenSearch refuses to run as root; as root the node runs as this user, which needs no account. */
const NOBODY = 65_534;

const run = promisify(execFile);

/**
 * Starts one real OpenSearch node on loopback, without security, and resolves once it answers. What it writes goes to a
 * temporary folder of its own, and it ends with this process, however that ends. Throws OpenSearchUnavailable where the
 * machine lacks Java or Maven.
 */
export async function startOpenSearch(options: OpenSearchOptions = {}): Promise<OpenSearchNode> {
  const report = options.report ?? (() => {});
  const java = findJava();
  const distribution = await unpackedOpenSearch(java, report);
  report("starting it");
  const folder = await mkdtemp(join(tmpdir(), "pulse-opensearch-"));
  const child = await launch(distribution, folder, java, options);
  const exited = once(child, "exit");
  const endBy = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  const stop = () => endBy("SIGTERM");
  const url = await whenReady(child, folder).catch(async (failure) => {
    await stop();
    throw failure;
  });
  return { url, pid: child.pid as number, ended: exited.then(stop), stop, kill: () => endBy("SIGKILL") };
}

async function launch(
  distribution: string,
  folder: string,
  java: Java,
  { port = 0, dataFolder, heap = "512m", isShortLived = false, settings = {} }: OpenSearchOptions,
): Promise<ChildProcess> {
  const config = join(folder, "config");
  const data = dataFolder === undefined ? join(folder, "data") : resolve(dataFolder);
  const logs = join(folder, "logs");
  await cp(join(distribution, "config"), config, { recursive: true });
  for (const made of [data, logs, join(folder, "tmp")]) await mkdir(made, { recursive: true });
  await writeFile(join(config, "opensearch.yml"), JSON.stringify({ ...ownSettings(port, data, logs), ...settings }));
  await writeFile(
    join(config, "jvm.options"),
    jvmOptions(await readFile(join(distribution, "config/jvm.options"), "utf8"), java, heap, isShortLived),
  );
  const isRoot = process.getuid?.() === 0;
  const home = isRoot ? await lendToNobody(distribution, folder, data) : distribution;
  const command = [join(home, "bin/opensearch")];
  if (isRoot) command.unshift("setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups");

  const output = openSync(consoleOf(folder), "a");
  try {
    return spawnWithLifeline(command, output, {
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        OPENSEARCH_JAVA_HOME: java.home,
        OPENSEARCH_PATH_CONF: config,
        OPENSEARCH_TMPDIR: join(folder, "tmp"),
      },
    });
  } finally {
    closeSync(output);
  }
}

const consoleOf = (folder: string): string => join(folder, "console.log");

const ownSettings = (port: number, data: string, logs: string): Record<string, unknown> => ({
  "cluster.name": "pulse",
  "discovery.type": "single-node",
  "network.host": "127.0.0.1",
  "http.port": port,
  "transport.port": 0,
  // Writes the ports it took to logs/http.ports: no free port has to be guessed.
  "node.portsfile": true,
  "node.store.allow_mmap": false,
  "path.data": data,
  "path.logs": logs,
  // A laptop's disk is often nearly full, and tests make many small indices.
  "cluster.routing.allocation.disk.threshold_enabled": false,
  "cluster.max_shards_per_node": 5000,
});

/** The distribution's options without what it would write into its own folder, and without a module this Java lacks. */
const jvmOptions = (distributed: string, java: Java, heap: string, isShortLived: boolean): string =>
  distributed
    .split("\n")
    .filter((line) => !/^#|-Xm[sx]|logs\/|HeapDump/.test(line))
    .filter((line) => !line.includes("jdk.incubator.vector") || java.modules.includes("jdk.incubator.vector"))
    .filter((line) => !isShortLived || !line.includes("G1"))
    .concat(isShortLived ? ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"] : [])
    .concat(`-Xms${heap}`, `-Xmx${heap}`, "")
    .join("\n");

/**
 * Nobody cannot enter root's cache: gives it the run's folder with a hard-linked copy of the distribution, whose files
 * stay root's. Returns that copy.
 */
async function lendToNobody(distribution: string, folder: string, data: string): Promise<string> {
  const copy = join(folder, "opensearch");
  await run("cp", ["-al", distribution, copy]).catch(() => cp(distribution, copy, { recursive: true }));
  await run("chown", [
    "-R",
    `${NOBODY}:${NOBODY}`,
    join(folder, "config"),
    join(folder, "logs"),
    join(folder, "tmp"),
    data,
  ]);
  await chown(folder, NOBODY, NOBODY);
  return copy;
}

/** The URL of the node once it can take requests; throws with the end of its output when it dies or takes too long. */
async function whenReady(child: ChildProcess, folder: string): Promise<string> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    const address = (await readFile(join(folder, "logs/http.ports"), "utf8").catch(() => "")).split("\n")[0];
    if (address && (await isReady(`http://${address}`))) return `http://${address}`;
    await sleep(POLL_MS);
  }
  const output = await readFile(consoleOf(folder), "utf8").catch(() => "");
  const said = output.split("\n").filter((line) => !STACK_FRAME.test(line));
  throw new Error(`OpenSearch did not start; the end of its output:\n${said.slice(-15).join("\n")}`);
}

const STACK_FRAME = /^\s*(?:at |\.\.\. \d+ more)/;

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=5s`);
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}
