/** More are looked up again: tags may be as many as events. */
const MAX_REMEMBERED = 200_000;

/** The numbers of names that were asked for lately, by shelf. */
export class RememberedIds {
  readonly #byShelf = new Map<number, Map<string, number>>();
  #size = 0;

  get(shelfId: number, name: string): number | undefined {
    return this.#byShelf.get(shelfId)?.get(name);
  }

  set(shelfId: number, name: string, id: number): void {
    if (++this.#size > MAX_REMEMBERED) {
      this.clear();
      this.#size = 1;
    }
    const ids = this.#byShelf.get(shelfId);
    if (ids === undefined) this.#byShelf.set(shelfId, new Map([[name, id]]));
    else ids.set(name, id);
  }

  clear(): void {
    this.#byShelf.clear();
    this.#size = 0;
  }
}
