import type { Client } from "@opensearch-project/opensearch";
import { declarationOf, type EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { type RetryPolicy, retrying } from "./backoff.ts";
import { createAll, type DocumentWriter } from "./bulk.ts";
import { type OpenSearchRequest, request } from "./client.ts";
import { type TypePlace, typeIndex } from "./index-names.ts";
import { multiGet } from "./multi-get.ts";

interface RegistryOptions {
  readonly prefix: string;
  /** How many undeclared types get an index of their own; writers at the very same time may each add one more. */
  readonly maxOwnIndices: number;
  readonly retry: RetryPolicy;
}

interface RegisteredType extends TypePlace {
  readonly type: string;
  readonly declared: boolean;
}

/**
 * Where the events of each type go. Fixed by the first event of a type, whatever is declared later: an event that comes
 * again must find the index it was written to.
 */
export class TypeRegistry {
  readonly #client: Client;
  readonly #options: RegistryOptions;
  readonly #index: string;
  readonly #places = new Map<string, TypePlace>();
  #registering: Promise<unknown> = Promise.resolve();

  constructor(client: Client, options: RegistryOptions) {
    this.#client = client;
    this.#options = options;
    this.#index = typeIndex(options.prefix);
  }

  /** The places of the types by their names, which must be in lower case. A known type costs nothing. */
  async placesOf(
    types: ReadonlySet<string>,
    declared: readonly EventTypeDeclaration[],
  ): Promise<ReadonlyMap<string, TypePlace>> {
    const unknown = () => [...types].filter((type) => !this.#places.has(type));
    if (unknown().length > 0) {
      // One after the other: each registration counts those before it.
      const registered = this.#registering.then(() => this.#register(unknown(), declared));
      this.#registering = registered.catch(() => {});
      await registered;
    }
    return this.#places;
  }

  async #register(types: readonly string[], declared: readonly EventTypeDeclaration[]): Promise<void> {
    await this.#read(types);
    const unregistered = types.filter((type) => !this.#places.has(type));
    if (unregistered.length === 0) return;
    let own = await this.#countOwn();
    const places = unregistered.map((type): RegisteredType => {
      const isDeclared = declared.some(({ name }) => name === type);
      const { period } = declarationOf(type, declared);
      const index = isDeclared || own < this.#options.maxOwnIndices ? "own" : "shared";
      if (!isDeclared && index === "own") own++;
      return { type, index, period, declared: isDeclared };
    });
    await this.#create(places);
    // Read back rather than believed: another writer may have been first.
    await this.#read(unregistered);
  }

  async #read(types: readonly string[]): Promise<void> {
    if (types.length === 0) return;
    const documents = await retrying(this.#options.retry, () =>
      multiGet<{ _source?: RegisteredType }>(this.#client, this.#index, types),
    );
    for (const { _source: registered } of documents)
      if (registered !== undefined) this.#places.set(registered.type, registered);
  }

  /** In bulk: 10,000 new types in one batch take 4 s, and took 30 s one by one, each a round trip to its node. */
  async #create(places: readonly RegisteredType[]): Promise<void> {
    const documents = places.map((place) => {
      const action = { create: { _index: this.#index, _id: place.type } };
      return `${JSON.stringify(action)}\n${JSON.stringify(place)}\n`;
    });
    const write: DocumentWriter<string> = (into, document) => into.addText(document);
    for (const outcome of await createAll(this.#client, documents, write, this.#options.retry))
      if ("refused" in outcome) throw new Error(`OpenSearch refused to register a type: ${outcome.refused}`);
  }

  async #countOwn(): Promise<number> {
    await this.#request({ method: "POST", path: `/${this.#index}/_refresh` });
    const { body } = await this.#request<{ hits: { total: { value: number } } }>({
      method: "POST",
      path: `/${this.#index}/_search`,
      query: { allow_partial_search_results: false },
      body: {
        size: 0,
        track_total_hits: true,
        query: { bool: { filter: [{ term: { index: "own" } }, { term: { declared: false } }] } },
      },
    });
    return body.hits.total.value;
  }

  #request<Body>(wanted: OpenSearchRequest) {
    return retrying(this.#options.retry, () => request<Body>(this.#client, wanted));
  }
}
