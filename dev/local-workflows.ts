import type { Clock } from "#core/clock.ts";
import type { MeasuringFunction } from "#functions/shared/measure-namespaces.ts";

export interface LocalWorkflowsOptions {
  readonly functions: readonly MeasuringFunction[];
  /** How often windows end. */
  readonly everyMs: number;
  /** How long after that they are measured. */
  readonly graceMs: number;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

export interface LocalWorkflows {
  /** Stops after the functions that are under way. */
  close(): Promise<void>;
}

/** The longest single wait: however a clock jumps, windows are looked at again within this time. */
const LONGEST_PAUSE_MS = 60_000;

/** Calls the functions, one after the other, whenever a window is due, as EventBridge Scheduler does each minute. */
export function runWorkflows({ functions, everyMs, graceMs, clock, onError }: LocalWorkflowsOptions): LocalWorkflows {
  let closed = false;
  let running = Promise.resolve();
  let cancel = () => {};

  async function runAll(): Promise<void> {
    for (const run of functions) {
      if (closed) return;
      try {
        await run();
      } catch (error) {
        onError(error);
      }
    }
  }

  function schedule(): void {
    if (closed) return;
    const sinceDueMs = (clock.now() - graceMs) % everyMs;
    cancel = clock.after(Math.min(everyMs - sinceDueMs, LONGEST_PAUSE_MS), () => {
      running = runAll().then(schedule);
    });
  }

  running = runAll().then(schedule);
  return {
    async close() {
      closed = true;
      cancel();
      await running;
    },
  };
}
