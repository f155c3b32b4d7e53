import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cachedFolder } from "#dev/cached-folder.ts";

const run = promisify(execFile);

const REQUIREMENTS = join(import.meta.dirname, "emulator-requirements.txt");
const OLDEST_PYTHON = [3, 11] as const;
const CANDIDATES = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"];

/** This machine lacks what the AWS emulator needs; the message says what. */
export class EmulatorUnavailable extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`no AWS emulator can be started here: ${reason}`, options);
    this.name = "EmulatorUnavailable";
  }
}

interface Python {
  readonly command: string;
  readonly version: string;
}

/**
 * The Python that has the emulator, in an environment of its own in the user's cache: made by venv and pip the first
 * time (25 MB), and again when the requirements change.
 */
export async function emulatorPython(report: (progress: string) => void): Promise<string> {
  const python = await findPython();
  const requirements = hash("sha256", await readFile(REQUIREMENTS)).slice(0, 8);
  const folder = await cachedFolder(`emulator-${requirements}-python${python.version}`, async (aside) => {
    report("fetching the AWS emulator with pip (25 MB, only this once)");
    const made = join(aside, "venv");
    await need(run(python.command, ["-m", "venv", made]), `${python.command} cannot make a virtual environment`);
    await need(run(pythonOf(made), ["-m", "pip", "install", "--quiet", "-r", REQUIREMENTS]), "pip could not fetch it");
    return made;
  });
  return pythonOf(folder);
}

/** Called by its module, never by its script, which names the folder it was made in. */
const pythonOf = (venv: string): string => join(venv, "bin/python");

async function need(command: Promise<unknown>, otherwise: string): Promise<void> {
  try {
    await command;
  } catch (failure) {
    const { stderr, message } = failure as Error & { stderr?: string };
    throw new EmulatorUnavailable(`${otherwise}: ${stderr || message}`, { cause: failure });
  }
}

async function findPython(): Promise<Python> {
  const program = 'import sys; print("%d.%d" % sys.version_info[:2])';
  for (const command of CANDIDATES) {
    const version = await run(command, ["-c", program]).then(
      ({ stdout }) => stdout.trim(),
      () => undefined,
    );
    if (version !== undefined && isNewEnough(version)) return { command, version };
  }
  throw new EmulatorUnavailable(`it needs Python ${OLDEST_PYTHON.join(".")} or newer, and there is none on the PATH`);
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1];
}
