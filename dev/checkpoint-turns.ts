import { PulseError } from "#core/errors.ts";
import type { EntryKeeper } from "#core/events/index-entries.ts";

/** What became of a batch: the first record that is not finished, if there is one. */
export type BatchOutcome = bigint | undefined;

/**
 * Between a function and its store: tells whoever hands over batches when all of one is kept, which is when its checkpoint is
 * asked for. To move that takes a refresh, with which OpenSearch is half idle: the next batch can be kept meanwhile.
 */
export class CheckpointTurns implements EntryKeeper {
  readonly #store: EntryKeeper;
  #before: Promise<BatchOutcome> = Promise.resolve(undefined);
  #isKept = () => {};

  constructor(store: EntryKeeper) {
    this.#store = store;
  }

  /** Resolves when the batch that is handed over now is kept. Its checkpoint waits for the batch before, and fails with it. */
  begin(before: Promise<BatchOutcome>): Promise<void> {
    this.#before = before;
    return new Promise((resolve) => {
      this.#isKept = resolve;
    });
  }

  keep(...entries: Parameters<EntryKeeper["keep"]>): ReturnType<EntryKeeper["keep"]> {
    return this.#store.keep(...entries);
  }

  async checkpoint(...end: Parameters<EntryKeeper["checkpoint"]>): Promise<void> {
    const before = this.#before;
    this.#isKept();
    if ((await before) !== undefined) throw new PulseError("unavailable", "the batch before it is not finished");
    await this.#store.checkpoint(...end);
  }
}
