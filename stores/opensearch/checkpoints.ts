import type { Client } from "@opensearch-project/opensearch";
import type { JournalPoint } from "#core/events/event-journal.ts";
import type { Position } from "#core/events/stream/position.ts";
import { type RetryPolicy, retrying } from "./backoff.ts";
import { type OpenSearchRequest, request } from "./client.ts";
import { failure } from "./failure.ts";
import { checkpointIndex } from "./index-names.ts";
import { multiGet } from "./multi-get.ts";

/** How far a shard is readable, and when the last of that arrived in the journal. */
interface Checkpoint extends JournalPoint {
  readonly arrivedAtMs?: number | undefined;
}

/** A checkpoint in the history of all: writes to their index are numbered one after another. */
export interface PlacedCheckpoint extends Checkpoint {
  /** The write that made it. */
  readonly madeBy: number;
  /** The last write that moved it. */
  readonly movedBy: number;
}

/** Every checkpoint at one moment. */
export interface CheckpointsRead {
  readonly store: string;
  readonly checkpoints: readonly PlacedCheckpoint[];
}

interface CheckpointDocument {
  readonly found: boolean;
  /** Without `madeBy` until it is moved: before, the number of the write that makes it is not known. */
  readonly _source: Checkpoint & { readonly madeBy?: number };
  readonly _seq_no: number;
  readonly _primary_term: number;
}

const madeBy = ({ _source, _seq_no }: CheckpointDocument): number => _source.madeBy ?? _seq_no;

const MAX_SHARDS = 10_000;
/**
 * A shard that is younger may be missing in a position: its reader then begins
 * at the shard's start, which loses nothing.
 */
const OVERVIEW_LIFETIME_MS = 1000;

/** Which store this is, and which shards have checkpoints: what seldom changes of a position. */
interface Overview {
  readonly store: string;
  readonly shards: readonly string[];
}

interface CheckpointsOptions {
  readonly prefix: string;
  readonly writeRetry: RetryPolicy;
  readonly readRetry: RetryPolicy;
  readonly now: () => number;
}

/** How far each shard of the journal is readable: one document per shard, moved by compare-and-set. */
export class Checkpoints {
  readonly #client: Client;
  readonly #writeRetry: RetryPolicy;
  readonly #readRetry: RetryPolicy;
  readonly #index: string;
  readonly #now: () => number;
  readonly #searchable = new Set<string>();
  #overview: Promise<Overview> | undefined;
  #overviewAtMs = 0;

  constructor(client: Client, { prefix, writeRetry, readRetry, now }: CheckpointsOptions) {
    this.#client = client;
    this.#writeRetry = writeRetry;
    this.#readRetry = readRetry;
    this.#index = checkpointIndex(prefix);
    this.#now = now;
  }

  /** Moves the shard's checkpoint to `seq` unless it is there or beyond, whoever else is moving it. */
  async advance(shard: string, seq: string, arrivedAtMs?: number): Promise<void> {
    // Ends: a lost race means that another writer moved the checkpoint forward.
    while (!(await this.#tryAdvance({ shard, seq, arrivedAtMs })));
    await this.#makeSearchable(shard);
  }

  /** Removes the shard's checkpoint, if there is one. */
  async remove(shard: string): Promise<void> {
    const path = `/${this.#index}/_doc/${encodeURIComponent(shard)}`;
    await this.#request(this.#writeRetry, { method: "DELETE", path, expect: [404] });
    this.#overview = undefined;
  }

  /** Once per shard and process: whoever created the checkpoint may not have come to refresh it. */
  async #makeSearchable(shard: string): Promise<void> {
    if (this.#searchable.has(shard)) return;
    const { body } = await this.#request<{ _shards: { failed: number } }>(this.#writeRetry, {
      method: "POST",
      path: `/${this.#index}/_refresh`,
    });
    if (body._shards.failed > 0) throw failure("unavailable", `could not refresh ${this.#index}`);
    this.#searchable.add(shard);
    this.#overview = undefined;
  }

  async #tryAdvance(checkpoint: Checkpoint): Promise<boolean> {
    const path = `/${this.#index}/_doc/${encodeURIComponent(checkpoint.shard)}`;
    const { body: held } = await this.#request<CheckpointDocument>(this.#writeRetry, {
      method: "GET",
      path,
      expect: [404],
    });
    if (held.found && held._source.seq >= checkpoint.seq) return true;
    const { status } = await this.#request(this.#writeRetry, {
      method: "PUT",
      path,
      query: held.found ? { if_seq_no: held._seq_no, if_primary_term: held._primary_term } : { op_type: "create" },
      body: held.found ? { ...checkpoint, madeBy: madeBy(held) } : checkpoint,
      expect: [409],
    });
    return status !== 409;
  }

  /**
   * The checkpoints as they are at this moment: a search knows the shards, and reading by id is never behind. Shards
   * that the caller has heard of are among them unless they have no checkpoint any more, even where a search does not
   * show them yet: another process may have looked later, or another copy of the index may have been refreshed before.
   */
  async read(heardOf: Iterable<string> = []): Promise<CheckpointsRead> {
    const { store, shards: found } = await this.#recentOverview();
    const shards = [...new Set([...found, ...heardOf])];
    if (shards.length === 0) return { store, checkpoints: [] };
    const documents = await retrying(this.#readRetry, () =>
      multiGet<CheckpointDocument>(this.#client, this.#index, shards),
    );
    const held = documents.filter((document) => document.found);
    return {
      store,
      checkpoints: held.map((one) => ({ ...one._source, madeBy: madeBy(one), movedBy: one._seq_no })),
    };
  }

  /** When the last of each shard arrived in the journal; -Infinity where the checkpoint does not say it. */
  async arrivalTimes(): Promise<readonly number[]> {
    const { checkpoints } = await this.read();
    return checkpoints.map(({ arrivedAtMs }) => arrivedAtMs ?? -Infinity);
  }

  #recentOverview(): Promise<Overview> {
    const nowMs = this.#now();
    if (this.#overview === undefined || nowMs - this.#overviewAtMs > OVERVIEW_LIFETIME_MS) {
      this.#overviewAtMs = nowMs;
      const reading = this.#readOverview();
      this.#overview = reading;
      reading.catch(() => {
        if (this.#overview === reading) this.#overview = undefined;
      });
    }
    return this.#overview;
  }

  async #readOverview(): Promise<Overview> {
    const [store, shards] = await Promise.all([this.#uuid(), this.#shards()]);
    return { store, shards };
  }

  async #shards(): Promise<string[]> {
    const { status, body } = await this.#request<{ hits: { hits: readonly { _id: string }[] } }>(this.#readRetry, {
      method: "POST",
      path: `/${this.#index}/_search`,
      query: { allow_partial_search_results: false },
      body: { size: MAX_SHARDS, _source: false, track_total_hits: false, query: { match_all: {} } },
      expect: [404],
    });
    if (status === 404) throw this.#missing();
    return body.hits.hits.map((hit) => hit._id);
  }

  async #uuid(): Promise<string> {
    const { status, body } = await this.#request<Record<string, { settings: { index: { uuid: string } } }>>(
      this.#readRetry,
      {
        method: "GET",
        path: `/${this.#index}/_settings/index.uuid`,
        expect: [404],
      },
    );
    const settings = status === 404 ? undefined : body[this.#index]?.settings;
    if (settings === undefined) throw this.#missing();
    return settings.index.uuid;
  }

  #missing() {
    return failure("unavailable", `has no index ${this.#index}: install the index templates first`);
  }

  #request<Body>(retry: RetryPolicy, wanted: OpenSearchRequest) {
    return retrying(retry, () => request<Body>(this.#client, wanted));
  }
}

/** Every checkpoint as a position. */
export const toPosition = ({ store, checkpoints }: CheckpointsRead): Position => ({
  store,
  shards: new Map(checkpoints.map(({ shard, seq }) => [shard, seq])),
});

/**
 * Whether a shard must wait while the other is not read to its checkpoint: the other had ended, or rested, before this
 * one began. So a shard's children, which Kinesis hands to consumers only when it is done, follow it in streams too.
 */
export const followsOn = (checkpoint: PlacedCheckpoint, other: PlacedCheckpoint): boolean =>
  other.movedBy < checkpoint.madeBy;
