import type { Readable } from "node:stream";
import { type Clock, systemClock } from "#core/clock.ts";
import type { FunctionName } from "#functions/shared/deployment/environment.ts";
import type { Variables } from "#lib/constructs/pulse-function.ts";
import { LambdaFailure, type LambdaProcess, startLambdaProcess } from "#test/support/aws/lambda-process.ts";
import type { Outcome } from "#test/support/aws/runtime-api.ts";

export interface LambdaOptions<Name extends FunctionName> {
  /** Its folder under `functions/`. */
  readonly name: Name;
  /** What its stack tells it. */
  readonly environment: Partial<Variables<Name>>;
  /** Where the AWS services are, by the SDK's names for them: `{ KINESIS: "http://…" }`. @default - at AWS */
  readonly endpoints?: Readonly<Record<string, string>>;
  /** An invocation that has not been answered after so long is killed. @default 30 000 */
  readonly timeoutMs?: number;
  /** Times invocations out. */
  readonly clock?: Clock;
}

/** A built function as Lambda runs it: started when it is needed, one invocation at a time in each environment. */
export interface LambdaFunction {
  /** What the function answers, as JSON. Throws a LambdaFailure when it fails, cannot be loaded or takes too long. */
  // biome-ignore lint/suspicious/noExplicitAny: an answer is what its function says it is
  invoke(event: unknown): Promise<any>;
  /** The bytes that a streaming function answers, as they come; they break off when it fails or takes too long. */
  stream(event: unknown): Promise<Readable>;
  /** Of each cold start so far, how long it took until the function asked for an invocation. */
  readonly coldStartsMs: readonly number[];
  /** All that the function printed. */
  log(): string;
  /** Kills every environment, idle or busy: the next invocation is a cold start. */
  kill(): Promise<void>;
}

export function openLambda<Name extends FunctionName>(options: LambdaOptions<Name>): LambdaFunction {
  const { name, environment, endpoints = {}, timeoutMs = 30_000, clock = systemClock } = options;
  const variables = Object.fromEntries([
    ...Object.entries<string>(environment as Readonly<Record<string, string>>),
    ...Object.entries(endpoints).map(([service, url]) => [`AWS_ENDPOINT_URL_${service}`, url]),
  ]);
  const alive = new Set<LambdaProcess>();
  const idle = new Set<LambdaProcess>();
  const coldStartsMs: number[] = [];
  let log = "";

  const coldStart = async (): Promise<LambdaProcess> => {
    const started = await startLambdaProcess({
      name,
      variables,
      onOutput: (text) => {
        log += text;
      },
    });
    coldStartsMs.push(started.coldStartMs);
    alive.add(started);
    void started.gone.then(() => {
      alive.delete(started);
      idle.delete(started);
    });
    return started;
  };

  /** Invokes in an idle environment, or a new one. `finished` must be called when the answer is complete. */
  const begin = async (event: unknown): Promise<{ readonly outcome: Outcome; readonly finished: () => void }> => {
    const [warm] = idle;
    if (warm !== undefined) idle.delete(warm);
    const lambda = warm ?? (await coldStart());
    let timedOut = false;
    const cancelTimeout = clock.after(timeoutMs, () => {
      timedOut = true;
      void lambda.kill();
    });
    const finished = () => {
      cancelTimeout();
      if (alive.has(lambda)) idle.add(lambda);
    };
    try {
      return { outcome: await lambda.invoke(event, Date.now() + timeoutMs), finished };
    } catch (failure) {
      finished();
      throw timedOut ? timeoutFailure(timeoutMs) : failure;
    }
  };

  return {
    async invoke(event) {
      const { outcome, finished } = await begin(event);
      finished();
      if (outcome.kind === "answered") return JSON.parse(outcome.payload);
      throw new TypeError(`${name} streams its answer`);
    },
    async stream(event) {
      const { outcome, finished } = await begin(event);
      if (outcome.kind === "streams") return outcome.stream.once("close", finished);
      finished();
      throw new TypeError(`${name} answers at once`);
    },
    coldStartsMs,
    log: () => log,
    kill: async () => {
      await Promise.all([...alive].map((lambda) => lambda.kill()));
    },
  };
}

const timeoutFailure = (timeoutMs: number): LambdaFailure =>
  new LambdaFailure({
    errorType: "Sandbox.Timedout",
    errorMessage: `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`,
  });
