import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { bundleFolder } from "#lib/bundles.ts";
import "#test/support/aws/built-functions.ts";
import { type FunctionFault, type Outcome, openRuntimeApi } from "#test/support/aws/runtime-api.ts";

/** What the caller of a function gets instead of an answer. */
export class LambdaFailure extends Error {
  readonly errorType: string;

  constructor({ errorType, errorMessage }: FunctionFault) {
    super(errorMessage);
    this.name = "LambdaFailure";
    this.errorType = errorType;
  }
}

/** One execution environment: a process that runs a built function under Lambda's own runtime client. */
export interface LambdaProcess {
  /** From its start to its first ask for an invocation. */
  readonly coldStartMs: number;
  /** Resolves with the beginning of an answer; throws a LambdaFailure when the function fails or its process ends. */
  invoke(event: unknown, deadlineMs: number): Promise<Exclude<Outcome, { readonly kind: "failed" }>>;
  /** SIGKILL, which is all that Lambda knows. */
  kill(): Promise<void>;
  /** Resolves when the process is gone, for whatever reason, with what Lambda says of it. */
  readonly gone: Promise<FunctionFault>;
}

export interface LambdaProcessOptions {
  /** The folder under `functions/`. */
  readonly name: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly onOutput: (text: string) => void;
}

const RUNTIME_CLIENT = createRequire(import.meta.url).resolve("aws-lambda-ric");
const NATIVE_STAND_IN = join(import.meta.dirname, "rapid-client.ts");

/** A cold start. Throws a LambdaFailure with what the function reports when it cannot be loaded. */
export async function startLambdaProcess(options: LambdaProcessOptions): Promise<LambdaProcess> {
  const { name, variables, onOutput } = options;
  const startedMs = performance.now();
  const runtimeApi = await openRuntimeApi(name);
  const taskRoot = bundleFolder(name);
  const child = spawn(process.execPath, ["--import", NATIVE_STAND_IN, RUNTIME_CLIENT], {
    cwd: taskRoot,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...runtimeVariables(name, taskRoot), AWS_LAMBDA_RUNTIME_API: runtimeApi.address, ...variables },
  });
  for (const output of [child.stdout, child.stderr]) output.setEncoding("utf8").on("data", onOutput);
  const gone = once(child, "exit").then(async ([code, signal]): Promise<FunctionFault> => {
    await runtimeApi.close();
    const reason = signal === null ? `exit status ${code}` : `signal: ${signal}`;
    return { errorType: "Runtime.ExitError", errorMessage: `Runtime exited with error: ${reason}` };
  });
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await gone;
  };

  const fault = await Promise.race([runtimeApi.initialised, gone]);
  if (fault !== undefined) {
    await kill();
    throw new LambdaFailure(fault);
  }
  return {
    coldStartMs: performance.now() - startedMs,
    kill,
    gone,
    invoke: async (event, deadlineMs) => {
      const ended = gone.then((fault) => ({ kind: "failed" as const, fault }));
      const outcome = await Promise.race([runtimeApi.invoke(event, deadlineMs), ended]);
      if (outcome.kind === "failed") throw new LambdaFailure(outcome.fault);
      return outcome;
    },
  };
}

/** What Lambda itself sets, as far as the runtime client, the SDK and the functions look at it. */
const runtimeVariables = (name: string, taskRoot: string): Readonly<Record<string, string>> => ({
  _HANDLER: "index.handler",
  LAMBDA_TASK_ROOT: taskRoot,
  TZ: ":UTC",
  AWS_REGION: "eu-central-1",
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_SESSION_TOKEN: "test",
  AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
  AWS_LAMBDA_FUNCTION_NAME: name,
  AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "1024",
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
  AWS_LAMBDA_LOG_STREAM_NAME: "test",
});
