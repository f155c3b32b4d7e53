import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { spawnWithLifeline } from "#dev/lifeline.ts";
import { EMULATED_ACCOUNT, EMULATED_CREDENTIALS, EMULATED_REGION } from "#test/support/emulator/emulator.ts";
import { endProcess } from "#test/support/end-process.ts";

export interface CdkCall {
  /** Its home, where it keeps what it says, too. */
  readonly folder: string;
  readonly emulatorUrl: string;
  /** Where it looks for `cdk.json`. @default - the checkout */
  readonly cwd?: string;
  readonly onStart: (stop: () => Promise<void>) => void;
}

/** Says the end of what the command printed; all of it is in `printed`. */
export class CdkFailed extends Error {
  readonly printed: string;

  constructor(how: string, printed: string) {
    super(`${how}:\n${printed.trimEnd().split("\n").slice(-SHOWN_LINES).join("\n")}`);
    this.name = "CdkFailed";
    this.printed = printed;
  }
}

const ROOT = join(import.meta.dirname, "..", "..");
const CDK = join(ROOT, "node_modules/aws-cdk/bin/cdk");
/** A function that cannot load keeps a deployment waiting for an hour. */
const TIMEOUT_MS = 180_000;
const SHOWN_LINES = 25;

/** Runs the CDK's command against the emulator; answers what it printed. Throws CdkFailed when it fails. */
export async function cdk(args: readonly string[], { folder, emulatorUrl, cwd, onStart }: CdkCall): Promise<string> {
  const log = join(folder, `cdk-${args[0]}-${Date.now()}.log`);
  const output = openSync(log, "a");
  const child = spawnWithLifeline([process.execPath, CDK, ...args, "--no-notices"], output, {
    cwd: cwd ?? ROOT,
    env: {
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
      HOME: folder,
      TMPDIR: folder,
      NO_COLOR: "1",
      CDK_DISABLE_CLI_TELEMETRY: "1",
      AWS_ENDPOINT_URL: emulatorUrl,
      AWS_ACCESS_KEY_ID: EMULATED_CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: EMULATED_CREDENTIALS.secretAccessKey,
      AWS_REGION: EMULATED_REGION,
      CDK_DEFAULT_ACCOUNT: EMULATED_ACCOUNT,
      CDK_DEFAULT_REGION: EMULATED_REGION,
    },
  });
  closeSync(output);
  onStart(() => endProcess(child));
  let isLate = false;
  const timeout = setTimeout(() => {
    isLate = true;
    void endProcess(child);
  }, TIMEOUT_MS);
  const [code] = await once(child, "exit");
  clearTimeout(timeout);
  const printed = await readFile(log, "utf8");
  if (code === 0) return printed;
  const how = isLate ? `took longer than ${TIMEOUT_MS / 1000} s` : `ended with ${code}`;
  throw new CdkFailed(`cdk ${args[0]} ${how}`, printed);
}
