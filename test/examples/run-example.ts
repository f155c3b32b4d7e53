import { execFile } from "node:child_process";
import { join } from "node:path";

const EXAMPLES = join(import.meta.dirname, "..", "..", "examples");

export interface ExampleRun {
  readonly code: number;
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** Runs an example's one command, as its README says it. */
export function runExample(file: string, ...args: readonly string[]): Promise<ExampleRun> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(EXAMPLES, file), ...args], (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), lines: stdout.trimEnd().split("\n"), stderr }),
    );
  });
}
