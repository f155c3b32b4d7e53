import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { spawnWithLifeline } from "#dev/lifeline.ts";
import { emulatorPython } from "#test/support/emulator/emulator-python.ts";
import { endProcess } from "#test/support/end-process.ts";
import { LOOPBACK_TLS } from "#test/support/http/loopback-tls.ts";

export interface EmulatorOptions {
  /** Holds its state, its log and the code of its functions: another emulator goes on from the same folder. */
  readonly folder: string;
  /** Whether signatures are verified and the policies of callers' roles are enforced. */
  readonly enforcesRights: boolean;
  /** Of loopback. Who goes on from a state takes the one it had: URLs of queues hold it. @default - any that is free */
  readonly port?: number;
  /** Told what takes time. */
  readonly report: (progress: string) => void;
}

/** An AWS account on this machine, without the cloud's size and most of its faults. */
export interface Emulator {
  readonly url: string;
  readonly port: number;
  /** In good order, so that its state is whole; by force when it does not go. */
  stop(): Promise<void>;
}

export const EMULATED_ACCOUNT = "000000000000";
/** Credentials of the account's root. */
export const EMULATED_CREDENTIALS = { accessKeyId: "test", secretAccessKey: "test" };
export const EMULATED_REGION = "us-east-1";

const START_TIMEOUT_MS = 30_000;
const POLL_MS = 50;
const ROOT = join(import.meta.dirname, "..", "..", "..");

/** Starts the emulator on loopback. Throws EmulatorUnavailable where the machine lacks Python. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const python = await emulatorPython(options.report);
  const functions = await folderForFunctions(options.folder);
  const trusted = join(options.folder, "trusted.pem");
  await writeFile(trusted, LOOPBACK_TLS.cert);
  const port = options.port ?? (await freePort());
  const log = openSync(logOf(options.folder), "a");
  const child = spawnWithLifeline([python, "-m", "ministack"], log, {
    cwd: options.folder,
    // Functions inherit all of it, so nothing of the environment of whoever runs the test is in it.
    env: {
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
      HOME: options.folder,
      TMPDIR: functions,
      BIND_HOST: "127.0.0.1",
      GATEWAY_PORT: String(port),
      PERSIST_STATE: "1",
      S3_PERSIST: "1",
      STATE_DIR: join(options.folder, "state"),
      S3_DATA_DIR: join(options.folder, "objects"),
      IOT_MTLS_ENABLED: "0",
      AUTH: String(options.enforcesRights),
      // Receivers of webhooks on this machine have this certificate.
      NODE_EXTRA_CA_CERTS: trusted,
      NODE_OPTIONS: `--import=${join(import.meta.dirname, "emulator-function.ts")}`,
    },
  });
  closeSync(log);
  // A function that does not answer keeps it from ending by itself.
  const stop = (): Promise<void> => endProcess(child);
  const url = `http://127.0.0.1:${port}`;
  await whenHealthy(url, child, options.folder).catch(async (failure) => {
    await stop();
    throw failure;
  });
  return { url, port, stop };
}

export const logOf = (folder: string): string => join(folder, "emulator.log");

/**
 * Where the code of functions is unpacked. What their bundles take from the runtime, the AWS SDK, they find in the
 * node_modules beside it; a package.json of its own keeps the emulator's CommonJS from any project's "type".
 */
async function folderForFunctions(folder: string): Promise<string> {
  const functions = join(folder, "functions");
  if ((await mkdir(functions, { recursive: true })) === undefined) return functions;
  await writeFile(join(functions, "package.json"), "{}");
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return functions;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function whenHealthy(url: string, child: ChildProcess, folder: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    const isHealthy = await fetch(`${url}/_ministack/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isHealthy) return;
    await sleep(POLL_MS);
  }
  const log = await readFile(logOf(folder), "utf8");
  throw new Error(`the AWS emulator did not start; the end of its log:\n${log.split("\n").slice(-15).join("\n")}`);
}
