import type { Client } from "@opensearch-project/opensearch";
import type { EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { allTogether, type TypeEvents, type TypeStanding } from "#core/events/types/type-changes.ts";
import type { TypeRegister } from "#core/events/types/type-register.ts";
import { type RetryPolicy, retrying } from "./backoff.ts";
import {
  type Declared,
  type DeclaredDocument,
  NOTHING_DECLARED,
  readDeclared,
  writeDeclared,
} from "./declared-document.ts";
import { type TypePlace, typeIndex } from "./index-names.ts";
import { typeTemplate } from "./index-templates.ts";
import { installForEvents } from "./install-templates.ts";
import { multiGet } from "./multi-get.ts";

interface DeclaredTypesOptions {
  readonly prefix: string;
  /** What the deployment declares, the default types among them. */
  readonly deployed: readonly EventTypeDeclaration[];
  readonly retry: RetryPolicy;
  readonly now: () => number;
}

/** Queries may be this much behind a declaration; what keeps events never is. */
export const DECLARED_TYPES_LIFETIME_MS = 5_000;

/** What is in force of event types: the deployment's declarations, and those made while it runs, in one document. */
export class DeclaredTypes implements TypeRegister {
  readonly #client: Client;
  readonly #options: DeclaredTypesOptions;
  #held = NOTHING_DECLARED;
  #inForce: readonly EventTypeDeclaration[];
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(client: Client, options: DeclaredTypesOptions) {
    this.#client = client;
    this.#options = options;
    this.#inForce = options.deployed;
  }

  /** For queries: at most 5 s old, or, while OpenSearch cannot be read, as it was. */
  async recent(): Promise<readonly EventTypeDeclaration[]> {
    const { now } = this.#options;
    if (now() - this.#readAtMs > DECLARED_TYPES_LIFETIME_MS) {
      this.#readAtMs = now();
      // A failure need not be told here: the query that follows fails, too, and says why.
      this.#reading = this.#read().catch(() => {});
    }
    await this.#reading;
    return this.#inForce;
  }

  /** For who keeps events: read anew, so that an event has the fields that were declared before it was accepted. */
  async present(): Promise<readonly EventTypeDeclaration[]> {
    await retrying(this.#options.retry, () => this.#read());
    return this.#inForce;
  }

  /** Keeps the same list as long as nothing changes: what is derived from its fields is cached by their identity. */
  async #read(): Promise<void> {
    const held = await readDeclared(this.#client, this.#options.prefix);
    if (held.place?.if_seq_no === this.#held.place?.if_seq_no) return;
    this.#held = held;
    this.#inForce = allTogether(
      this.#options.deployed,
      held.types.map(({ declaration }) => declaration),
    );
  }

  async standing(type: string): Promise<TypeStanding> {
    const inForce = await this.present();
    const events = await this.#eventsOf(type);
    return {
      deployed: this.#options.deployed.find(({ name }) => name === type),
      inForce: inForce.find(({ name }) => name === type),
      events,
    };
  }

  async #eventsOf(type: string): Promise<TypeEvents | undefined> {
    const index = typeIndex(this.#options.prefix);
    const [document] = await retrying(this.#options.retry, () =>
      multiGet<{ readonly _source?: TypePlace }>(this.#client, index, [type]),
    );
    const place = document?._source;
    return place && { period: place.period, shared: place.index === "shared" };
  }

  /**
   * The columns come first, then the declaration that has them filled, then whatever is in force by now: of two that
   * declare at once, the later version is what stays.
   */
  async declare(declaration: EventTypeDeclaration, version: number): Promise<void> {
    await this.present();
    await this.#install(allTogether(this.#options.deployed, [declaration]), declaration.name);
    while (!(await this.#tryToWrite({ declaration, version })));
    for (let written: DeclaredDocument | undefined; written !== this.#held; await this.present()) {
      written = this.#held;
      await this.#install(this.#inForce, declaration.name);
    }
  }

  async #install(inForce: readonly EventTypeDeclaration[], name: string): Promise<void> {
    const { prefix, retry } = this.#options;
    const declaration = inForce.find((type) => type.name === name);
    if (declaration !== undefined)
      await retrying(retry, () => installForEvents(this.#client, typeTemplate(declaration, prefix)));
  }

  /** Whether the declaration, or a later one, is written; not where another writer came first. */
  async #tryToWrite(declared: Declared): Promise<boolean> {
    await this.present();
    const { types, place } = this.#held;
    const { name } = declared.declaration;
    const held = types.find(({ declaration }) => declaration.name === name);
    if (held !== undefined && held.version >= declared.version) return true;
    const others = types.filter((type) => type !== held);
    const wanted = { types: [...others, declared], ...(place !== undefined && { place }) };
    const isWritten = await retrying(this.#options.retry, () =>
      writeDeclared(this.#client, this.#options.prefix, wanted),
    );
    if (isWritten) await this.present();
    return isWritten;
  }
}
