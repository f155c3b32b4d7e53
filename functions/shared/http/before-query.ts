import { type Clock, sleep } from "#core/clock.ts";
import { PulseError } from "#core/errors.ts";
import type { EventStore } from "#core/events/event-store.ts";
import { type Position, toPositionText } from "#core/events/stream/position.ts";
import { fromReceiptText, hasReached } from "#core/events/stream/receipt.ts";
import type { Headers } from "#functions/shared/http/answer.ts";
import type { ApiRequest } from "#functions/shared/http/request.ts";

/**
 * What comes before every question: a write that it must see, and the position from which a stream may go on after it.
 */
export function beforeQuery(
  store: Pick<EventStore, "position">,
  clock: Clock,
): (request: ApiRequest) => Promise<Headers> {
  const position = recentPosition(store, clock);
  return async ({ query, namespace }) => {
    const receipt = query.get("after");
    if (receipt !== null) await awaitReceipt(receipt, store, clock);
    return { "pulse-position": toPositionText({ position: await position(), namespace, atMs: clock.now() }) };
  };
}

const MAX_AGE_MS = 1000;

/**
 * The store's position, read anew at most once a second: a query may name a position that is older than what it saw
 * (repeats have the same id), never a newer one, so an old answer stays right.
 */
function recentPosition(store: Pick<EventStore, "position">, clock: Clock): () => Promise<Position> {
  let reading: Promise<Position> | undefined;
  let readAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (reading === undefined || clock.now() - readAtMs > MAX_AGE_MS) {
      readAtMs = clock.now();
      reading = store.position();
      reading.catch(() => {
        reading = undefined;
      });
    }
    return reading;
  };
}

const PATIENCE_MS = 5000;
const LOOK_AGAIN_MS = 50;

/** Waits until the store shows the write of a receipt. Throws `unavailable` if it does not within 5 s. */
async function awaitReceipt(receipt: string, store: Pick<EventStore, "position">, clock: Clock): Promise<void> {
  const write = fromReceiptText(receipt);
  const deadlineMs = clock.now() + PATIENCE_MS;
  while (!hasReached(await store.position(), write)) {
    if (clock.now() >= deadlineMs)
      throw new PulseError("unavailable", "the write is not visible yet", { retryAfterSeconds: 1 });
    await sleep(clock, LOOK_AGAIN_MS);
  }
}
