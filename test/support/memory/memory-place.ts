import type { Place, PlaceEntry } from "#cli/places/place.ts";

interface MemoryFile {
  readonly content: Buffer | string;
  readonly modifiedMs: number;
}

/** A place in this process; `folders` gathers which were looked into. */
export interface MemoryPlace extends Place {
  readonly files: Map<string, MemoryFile>;
  readonly folders: string[];
}

export function memoryPlace(given: Readonly<Record<string, MemoryFile>> = {}): MemoryPlace {
  const files = new Map(Object.entries(given));
  const folders: string[] = [];
  return {
    files,
    folders,
    name: "memory",
    nameOf: (path) => `memory/${path}`,
    async *entries(folder) {
      folders.push(folder);
      const entries = new Map<string, PlaceEntry>();
      for (const [path, { content, modifiedMs }] of files) {
        if (!path.startsWith(folder)) continue;
        const end = path.indexOf("/", folder.length);
        if (end === -1) entries.set(path, { path, bytes: Buffer.byteLength(content), modifiedMs });
        else entries.set(path.slice(0, end + 1), { folder: path.slice(0, end + 1) });
      }
      for (const path of [...entries.keys()].sort()) yield entries.get(path) as PlaceEntry;
    },
    async *read(path) {
      const file = files.get(path);
      if (file === undefined) throw new Error(`there is no file ${path}`);
      yield Buffer.from(file.content);
    },
    async write(path, text) {
      files.set(path, { content: text, modifiedMs: Date.now() });
    },
    async move(path, to) {
      files.set(to, files.get(path) as MemoryFile);
      files.delete(path);
    },
    async remove(path) {
      files.delete(path);
    },
    close() {},
  };
}
