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

/** What a search of one copy of the shard sees: what was written before the copy's last refresh. */
export class IndexCopy {
  readonly #refreshIntervalMs: number;
  /** Copies refresh themselves at different moments. */
  readonly #phaseMs: number;
  readonly #searchable = new Map<string, HeldDocument>();
  #unrefreshed: Write[] = [];

  constructor(refreshIntervalMs: number, phaseMs: number) {
    this.#refreshIntervalMs = refreshIntervalMs;
    this.#phaseMs = phaseMs;
  }

  write(write: Write): void {
    this.#unrefreshed.push(write);
  }

  searchable(nowMs: number): IterableIterator<HeldDocument> {
    const lastRefreshMs = nowMs - ((nowMs - this.#phaseMs) % this.#refreshIntervalMs);
    if ((this.#unrefreshed[0]?.atMs ?? nowMs) < lastRefreshMs) this.#show(({ atMs }) => atMs < lastRefreshMs);
    return this.#searchable.values();
  }

  refresh(): void {
    this.#show(() => true);
  }

  /** How long until a refresh comes by itself. */
  untilRefreshMs(nowMs: number): number {
    return this.#refreshIntervalMs - ((nowMs - this.#phaseMs) % this.#refreshIntervalMs);
  }

  #show(isShown: (write: Write) => boolean): void {
    const left: Write[] = [];
    for (const write of this.#unrefreshed)
      if (isShown(write)) this.#searchable.set(write.document.id, write.document);
      else left.push(write);
    this.#unrefreshed = left;
  }
}

/** An index of one shard in two copies: read by id at once, by search only after a refresh of the copy that answers. */
export class SimulatedIndex {
  readonly uuid: string;
  /** Its shard has started, and can be searched. */
  readonly startedAtMs: number;
  readonly primary: IndexCopy;
  readonly replica: IndexCopy;
  readonly #live = new Map<string, HeldDocument>();
  #writes = 0;

  constructor(uuid: string, refreshIntervalMs: number, startedAtMs: number) {
    this.uuid = uuid;
    this.startedAtMs = startedAtMs;
    this.primary = new IndexCopy(refreshIntervalMs, 0);
    this.replica = new IndexCopy(refreshIntervalMs, refreshIntervalMs / 2);
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
    this.primary.write({ document, atMs: nowMs });
    this.replica.write({ document, atMs: nowMs });
  }
}
