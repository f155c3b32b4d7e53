import { writeSync } from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";

interface Watched {
  /** The index of the target that is reading, and the seed of its input. */
  readonly memory: Int32Array;
  readonly targets: readonly string[];
}

/** Ends the process when one input is read for half a minute, and says which. Told of each input before it is read. */
export function openWatchdog(targets: readonly string[]): (target: string, seed: number) => void {
  const memory = new Int32Array(new SharedArrayBuffer(8));
  const watched: Watched = { memory, targets };
  new Worker(new URL(import.meta.url), { workerData: watched }).unref();
  return (target, seed) => {
    Atomics.store(memory, 0, targets.indexOf(target));
    Atomics.store(memory, 1, seed);
  };
}

const LONGEST_MS = 30_000;
/** Written directly: what a worker prints goes through the thread that is watched. */
const STDERR = 2;

function watch({ memory, targets }: Watched): void {
  let last = "";
  setInterval(() => {
    const [target = 0, seed] = [Atomics.load(memory, 0), Atomics.load(memory, 1)];
    const now = `--targets ${targets[target]} --replay ${seed}`;
    if (now !== last) {
      last = now;
      return;
    }
    writeSync(STDERR, `An input is read for ever: npm run fuzz -- ${now}\n`);
    // The other thread does not come to its end.
    process.kill(process.pid, "SIGKILL");
  }, LONGEST_MS);
}

if (!isMainThread) watch(workerData as Watched);
