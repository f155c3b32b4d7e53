import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Place, PlacedFile, PlaceEntry } from "#cli/places/place.ts";
import { UsageError } from "#cli/usage-error.ts";

/** A folder, or a file as a place that holds nothing else. Links are not followed. */
export async function openFolderPlace(given: string): Promise<Place> {
  const path = resolve(given);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new UsageError(`there is no folder or file ${path}`);
  return found.isDirectory() ? new FolderPlace(path) : new FolderPlace(dirname(path), basename(path));
}

class FolderPlace implements Place {
  readonly name: string;
  readonly #root: string;
  readonly #only: string | undefined;

  constructor(root: string, only?: string) {
    this.#root = root;
    this.#only = only;
    this.name = only === undefined ? root : join(root, only);
  }

  nameOf(path: string): string {
    return `${this.#root}/${path}`;
  }

  async *entries(folder: string): AsyncGenerator<PlaceEntry> {
    if (this.#only !== undefined) {
      yield await this.#file(this.#only);
      return;
    }
    const found = await readdir(join(this.#root, folder), { withFileTypes: true });
    const paths = found.flatMap((entry) => {
      if (entry.isDirectory()) return `${folder}${entry.name}/`;
      return entry.isFile() ? `${folder}${entry.name}` : [];
    });
    for (const path of paths.sort()) yield path.endsWith("/") ? { folder: path } : await this.#file(path);
  }

  async #file(path: string): Promise<PlacedFile> {
    const { size, mtimeMs } = await stat(join(this.#root, path));
    return { path, bytes: size, modifiedMs: mtimeMs };
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    yield* createReadStream(join(this.#root, path));
  }

  /** On the disk before it takes the name: whoever reads it sees all of it or none. */
  async write(path: string, text: string): Promise<void> {
    const target = join(this.#root, path);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    const unfinished = `${target}.unfinished`;
    const file = await open(unfinished, "w", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, target);
  }

  async move(path: string, to: string): Promise<void> {
    const target = join(this.#root, to);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await rename(join(this.#root, path), target);
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.#root, path), { force: true });
  }

  close(): void {}
}
