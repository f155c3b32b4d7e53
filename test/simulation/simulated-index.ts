/** A document as the index holds it; its number is that of its last write. */
export interface HeldDocument {
  readonly id: string;
  readonly source: Readonly<Record<string, unknown>>;
  readonly seqNo: number;
}

interface Write {
  readonly document: HeldDocument;
  readonly atMs: number;
}

/**
 * An index as OpenSearch makes it visible: by id at once, by search only after a refresh, which comes at its interval or
 * when it is asked for.
 */
export class SimulatedIndex {
  readonly uuid: string;
  /** Its shard has started, and can be searched. */
  readonly startedAtMs: number;
  readonly #refreshIntervalMs: number;
  readonly #live = new Map<string, HeldDocument>();
  readonly #searchable = new Map<string, HeldDocument>();
  #unrefreshed: Write[] = [];
  #writes = 0;

  constructor(uuid: string, refreshIntervalMs: number, startedAtMs: number) {
    this.uuid = uuid;
    this.#refreshIntervalMs = refreshIntervalMs;
    this.startedAtMs = startedAtMs;
  }

  get(id: string): HeldDocument | undefined {
    return this.#live.get(id);
  }

  documents(): IterableIterator<HeldDocument> {
    return this.#live.values();
  }

  write(id: string, source: Readonly<Record<string, unknown>>, nowMs: number): void {
    const document = { id, source, seqNo: this.#writes++ };
    this.#live.set(id, document);
    this.#unrefreshed.push({ document, atMs: nowMs });
  }

  /** What a search sees. */
  searchable(nowMs: number): IterableIterator<HeldDocument> {
    const lastRefreshMs = nowMs - (nowMs % this.#refreshIntervalMs);
    if ((this.#unrefreshed[0]?.atMs ?? nowMs) < lastRefreshMs) this.#show(({ atMs }) => atMs < lastRefreshMs);
    return this.#searchable.values();
  }

  refresh(): void {
    this.#show(() => true);
  }

  /** How long until a refresh comes by itself. */
  untilRefreshMs(nowMs: number): number {
    return this.#refreshIntervalMs - (nowMs % this.#refreshIntervalMs);
  }

  #show(isShown: (write: Write) => boolean): void {
    const left: Write[] = [];
    for (const write of this.#unrefreshed)
      if (isShown(write)) this.#searchable.set(write.document.id, write.document);
      else left.push(write);
    this.#unrefreshed = left;
  }
}
