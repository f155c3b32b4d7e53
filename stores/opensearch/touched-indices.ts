import type { Client } from "@opensearch-project/opensearch";
import { type RetryPolicy, retrying } from "./backoff.ts";
import { request } from "./client.ts";
import { failure } from "./failure.ts";
import { INDICES_PER_REQUEST } from "./index-names.ts";

/**
 * The indices that hold documents which searches may not show yet. `refresh=true` on a bulk would not do: where all of
 * it was there before, that does nothing, and a batch whose first writer was killed would stay invisible.
 */
export class TouchedIndices {
  readonly #client: Client;
  readonly #retry: RetryPolicy;
  /** Index → the last touch. */
  readonly #touched = new Map<string, number>();
  #touches = 0;

  constructor(client: Client, retry: RetryPolicy) {
    this.#client = client;
    this.#retry = retry;
  }

  /** To be told when documents were sent, not before: a refresh that ran meanwhile may not have seen them. */
  add(indices: Iterable<string>): void {
    this.#touches++;
    for (const index of indices) this.#touched.set(index, this.#touches);
  }

  /** Makes everything visible that was added before, even if another refresh of it is under way. */
  async refresh(): Promise<void> {
    const touched = [...this.#touched];
    for (let from = 0; from < touched.length; from += INDICES_PER_REQUEST) {
      const part = touched.slice(from, from + INDICES_PER_REQUEST);
      await retrying(this.#retry, () => this.#refresh(part.map(([index]) => index)));
      for (const [index, touch] of part) if (this.#touched.get(index) === touch) this.#touched.delete(index);
    }
  }

  async #refresh(indices: readonly string[]): Promise<void> {
    const { body } = await request<{ _shards: { failed: number } }>(this.#client, {
      method: "POST",
      path: `/${indices.join(",")}/_refresh`,
      // Retention may have removed one meanwhile.
      query: { ignore_unavailable: true },
    });
    if (body._shards.failed > 0) throw failure("unavailable", `could not refresh ${body._shards.failed} shards`);
  }
}
