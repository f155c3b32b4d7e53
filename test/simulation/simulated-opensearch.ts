import type { Clock } from "#core/clock.ts";
import { checkpointIndex, DEFAULT_PREFIX, typeIndex } from "#stores/opensearch/index-names.ts";
import { type SearchBody, searchDocuments } from "#test/simulation/search-body.ts";
import { type HeldDocument, type IndexCopy, SimulatedIndex } from "#test/simulation/simulated-index.ts";
import type { Random } from "#test/support/random.ts";

/** A request as the adapter gives it to its client. */
export interface OpenSearchCall {
  readonly method: string;
  readonly path: string;
  readonly querystring: Readonly<Record<string, unknown>>;
  readonly body?: object;
  readonly bulkBody?: string;
}

export interface OpenSearchAnswer {
  readonly statusCode: number;
  readonly body: unknown;
  /** How long the answer is held back (`refresh=wait_for`). */
  readonly heldMs?: number;
}

/** What goes wrong inside of it; nothing, unless said. */
export interface OpenSearchTroubles {
  /** Why an item of a bulk is not taken this time. */
  refusesItem(): { readonly status: number; readonly type: string } | undefined;
  /** A shard does not answer a search. */
  missesShard(): boolean;
  searchRunsOutOfTime(): boolean;
  refreshFails(): boolean;
  /** How long a new index cannot be searched yet. */
  startMs(): number;
}

/** A tag that no mapping takes: the document is refused for ever. */
export const POISON_TAG = "poison";

const EVENT_REFRESH_MS = 10_000;
const BOOKKEEPING_REFRESH_MS = 1_000;

/**
 * What the adapter needs of OpenSearch, as it was measured: compare-and-set by `_seq_no`, reading by
 * id at once and by search after a refresh, items of a bulk that fail on their own, `refresh` on a
 * bulk that does nothing when all is there.
 */
export class SimulatedOpenSearch {
  readonly #time: Clock;
  readonly #random: Random;
  readonly #troubles: OpenSearchTroubles;
  readonly #indices = new Map<string, SimulatedIndex>();
  readonly #patterns = new Map<string, RegExp>();
  #installed = false;
  /** Told of each checkpoint that is written: its shard, the seq before, the seq now. */
  onCheckpoint: (shard: string, before: string | undefined, now: string) => void = () => {};

  constructor(time: Clock, random: Random, troubles: OpenSearchTroubles) {
    this.#time = time;
    this.#random = random;
    this.#troubles = troubles;
  }

  /** Puts the templates, and the indices that they create. */
  install(): void {
    this.#installed = true;
    for (const name of [checkpointIndex(DEFAULT_PREFIX), typeIndex(DEFAULT_PREFIX)])
      this.#indices.set(name, new SimulatedIndex(this.#newUuid(), BOOKKEEPING_REFRESH_MS, this.#time.now()));
  }

  /** Every event that is held, by its index. */
  *eventDocuments(): Generator<{ readonly index: string; readonly document: HeldDocument }> {
    for (const [index, held] of this.#indices)
      if (isEventIndex(index)) for (const document of held.documents()) yield { index, document };
  }

  /** How far each shard is declared readable. */
  checkpoints(): ReadonlyMap<string, string> {
    const held = this.#indices.get(checkpointIndex(DEFAULT_PREFIX));
    return new Map([...(held?.documents() ?? [])].map(({ id, source }) => [id, source.seq as string]));
  }

  execute(call: OpenSearchCall): OpenSearchAnswer {
    const { method, path } = call;
    const [, first = "", second = "", third = ""] = path.split("/");
    if (method === "HEAD" && first === "_index_template") return { statusCode: this.#installed ? 200 : 404, body: {} };
    if (method === "POST" && first === "_bulk") return this.#bulk(call);
    if (method === "POST" && second === "_refresh") return this.#refresh(first, call);
    if (method === "POST" && second === "_search") return this.#search(first, call);
    if (method === "POST" && second === "_mget") return this.#mget(first, call);
    if (method === "GET" && second === "_settings") return this.#settings(first);
    if (method === "GET" && second === "_doc") return this.#get(first, decodeURIComponent(third));
    if (method === "PUT" && second === "_doc") return this.#put(first, decodeURIComponent(third), call);
    throw new Error(`the simulated OpenSearch knows no ${method} ${path}`);
  }

  #bulk({ bulkBody = "", querystring: { refresh } }: OpenSearchCall): OpenSearchAnswer {
    const lines = bulkBody.trimEnd().split("\n");
    const created = new Set<SimulatedIndex>();
    const items = [];
    for (let line = 0; line < lines.length; line += 2) {
      const { create } = JSON.parse(lines[line] as string) as { create: { _index: string; _id: string } };
      const item = this.#create(create._index, create._id, JSON.parse(lines[line + 1] as string));
      if (item.status === 201) created.add(this.#indices.get(create._index) as SimulatedIndex);
      items.push({ create: item });
    }
    // Measured: what is created by nobody is refreshed by nobody.
    if (refresh === "true") for (const index of created) this.#refreshCopies(index);
    if (refresh !== "wait_for") return { statusCode: 200, body: { items } };
    const nowMs = this.#time.now();
    const heldMs = Math.max(0, ...[...created].flatMap(copiesOf).map((copy) => copy.untilRefreshMs(nowMs) + 1));
    return { statusCode: 200, body: { items }, heldMs };
  }

  #create(name: string, id: string, source: Record<string, unknown>) {
    const refusal = this.#troubles.refusesItem();
    if (refusal !== undefined) return { status: refusal.status, error: { type: refusal.type, reason: "not now" } };
    if ((source.tags as string[] | undefined)?.includes(POISON_TAG))
      return { status: 400, error: { type: "mapper_parsing_exception", reason: "poison" } };
    const index = this.#indexFor(name);
    if (index.get(id) !== undefined)
      return { status: 409, error: { type: "version_conflict_engine_exception", reason: "document already exists" } };
    index.write(id, source, this.#time.now());
    return { status: 201 };
  }

  #indexFor(name: string): SimulatedIndex {
    let index = this.#indices.get(name);
    if (index === undefined) {
      if (!this.#installed) throw new Error(`${name} would be made without a template`);
      const nowMs = this.#time.now();
      index = new SimulatedIndex(this.#newUuid(), EVENT_REFRESH_MS, nowMs + this.#troubles.startMs());
      this.#indices.set(name, index);
    }
    return index;
  }

  #refresh(names: string, { querystring }: OpenSearchCall): OpenSearchAnswer {
    const indices = this.#named(names, querystring);
    if (indices === undefined) return notFound();
    const failed = indices.reduce((sum, index) => sum + this.#refreshCopies(index), 0);
    return { statusCode: 200, body: { _shards: { failed } } };
  }

  /** How many of the copies could not be refreshed. */
  #refreshCopies(index: SimulatedIndex): number {
    return copiesOf(index).filter((copy) => {
      if (this.#troubles.refreshFails()) return true;
      copy.refresh();
      return false;
    }).length;
  }

  #search(pattern: string, { querystring, body }: OpenSearchCall): OpenSearchAnswer {
    const indices = this.#named(pattern, querystring);
    if (indices === undefined) return notFound();
    const nowMs = this.#time.now();
    const answering = indices.filter((index) => index.startedAtMs <= nowMs && !this.#troubles.missesShard());
    const failed = indices.length - answering.length;
    const isTimedOut = this.#troubles.searchRunsOutOfTime();
    const isWholeAsked = String(querystring.allow_partial_search_results) === "false";
    if (isWholeAsked && (failed > 0 || isTimedOut))
      return { statusCode: 503, body: { error: { type: "search_phase_execution_exception" } } };
    const documents = answering.flatMap((index) => [...this.#copyFor(index, querystring).searchable(nowMs)]);
    const found = isTimedOut ? documents.slice(documents.length >> 1) : documents;
    // Where no order is asked for, there is none.
    const { total, hits } = searchDocuments(this.#random.shuffled(found), body as SearchBody);
    return {
      statusCode: 200,
      body: {
        timed_out: isTimedOut,
        _shards: { failed },
        hits: { total: { value: total }, hits: hits.map(({ id, source }) => ({ _id: id, _source: source })) },
      },
    };
  }

  /** Any copy may answer, unless one is asked for. */
  #copyFor({ primary, replica }: SimulatedIndex, { preference }: OpenSearchCall["querystring"]): IndexCopy {
    return preference === "_primary" || this.#random.chance(0.5) ? primary : replica;
  }

  #mget(name: string, { body }: OpenSearchCall): OpenSearchAnswer {
    const index = this.#indices.get(name);
    if (index === undefined) return notFound();
    const docs = (body as { ids: readonly string[] }).ids.map((id) => toAnswer(index.get(id)));
    return { statusCode: 200, body: { docs } };
  }

  #settings(name: string): OpenSearchAnswer {
    const index = this.#indices.get(name);
    if (index === undefined) return notFound();
    return { statusCode: 200, body: { [name]: { settings: { index: { uuid: index.uuid } } } } };
  }

  #get(name: string, id: string): OpenSearchAnswer {
    const document = this.#indices.get(name)?.get(id);
    return { statusCode: document === undefined ? 404 : 200, body: toAnswer(document) };
  }

  #put(name: string, id: string, { querystring, body }: OpenSearchCall): OpenSearchAnswer {
    const index = this.#indexFor(name);
    const held = index.get(id);
    const { op_type: type, if_seq_no: expected } = querystring;
    if ((type === "create" && held !== undefined) || (expected !== undefined && held?.seqNo !== expected))
      return { statusCode: 409, body: { error: { type: "version_conflict_engine_exception" } } };
    const source = { ...(body as { readonly seq: string }) };
    this.onCheckpoint(id, held?.source.seq as string | undefined, source.seq);
    index.write(id, source, this.#time.now());
    return { statusCode: 201, body: {} };
  }

  /**
   * The indices of a list of names and patterns, of which a later one that begins with `-` takes away; undefined if a
   * name is missing and may not.
   */
  #named(names: string, { ignore_unavailable: isLenient }: OpenSearchCall["querystring"]) {
    const named = new Set<string>();
    for (const part of names.split(",")) {
      if (part.includes("*")) {
        const isWithout = part.startsWith("-");
        const pattern = this.#patternOf(isWithout ? part.slice(1) : part);
        for (const name of this.#indices.keys())
          if (pattern.test(name)) isWithout ? named.delete(name) : named.add(name);
      } else if (this.#indices.has(part)) named.add(part);
      else if (!isLenient) return undefined;
    }
    return [...named].map((name) => this.#indices.get(name) as SimulatedIndex);
  }

  #patternOf(part: string): RegExp {
    let pattern = this.#patterns.get(part);
    if (pattern === undefined) {
      pattern = new RegExp(`^${part.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
      this.#patterns.set(part, pattern);
    }
    return pattern;
  }

  #newUuid(): string {
    return this.#random.integer(0, 2 ** 31).toString(36);
  }
}

const copiesOf = ({ primary, replica }: SimulatedIndex): readonly IndexCopy[] => [primary, replica];

const isEventIndex = (name: string): boolean => name.startsWith(`${DEFAULT_PREFIX}.`);

const notFound = (): OpenSearchAnswer => ({ statusCode: 404, body: { error: { type: "index_not_found_exception" } } });

const toAnswer = (document: HeldDocument | undefined) =>
  document === undefined
    ? { found: false }
    : { found: true, _id: document.id, _source: document.source, _seq_no: document.seqNo, _primary_term: 1 };
