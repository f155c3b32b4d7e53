import { setTimeout as sleep } from "node:timers/promises";

/** A question, and how it was answered. */
export interface Asked {
  readonly atMs: number;
  readonly tookMs: number;
  readonly status: number;
  /** It was an answer, or a problem document that says when to ask again. */
  readonly isProper: boolean;
}

export interface Asking {
  readonly asked: readonly Asked[];
  stop(): Promise<void>;
}

const PAUSE_MS = 250;

/** Asks one question after the other, each in its turn. */
export function startAsking(urls: readonly string[]): Asking {
  const asked: Asked[] = [];
  let stopped = false;
  const run = async (): Promise<void> => {
    for (let turn = 0; !stopped; turn++) {
      asked.push(await ask(urls[turn % urls.length] as string));
      await sleep(PAUSE_MS);
    }
  };
  const running = run();
  return {
    asked,
    stop: async () => {
      stopped = true;
      await running;
    },
  };
}

async function ask(url: string): Promise<Asked> {
  const atMs = performance.now();
  const answer = await fetch(url);
  await answer.arrayBuffer();
  const isProblem = answer.headers.get("content-type")?.startsWith("application/problem+json") ?? false;
  const saysWhen = answer.headers.has("retry-after");
  return {
    atMs,
    tookMs: performance.now() - atMs,
    status: answer.status,
    isProper: answer.ok || (answer.status === 503 && isProblem && saysWhen),
  };
}
