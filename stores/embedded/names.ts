import { declarationOf, type EventTypeDeclaration } from "#core/events/types/event-types.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";
import type { DeclaredTypes } from "#stores/embedded/declared-types.ts";
import { RememberedIds } from "#stores/embedded/remembered-ids.ts";

/**
 * Events that share their tags' rows: a declared type with fields, which arrives in masses and is asked for by itself,
 * has a shelf of its own in each namespace; all other types share one, for most tags are on events of several types.
 */
export interface Shelf {
  readonly shelfId: number;
  readonly namespace: string;
  /** The tag of the events whose value is a number. It has sets, but no rows in `tagged`. */
  readonly numericTagId: number;
  readonly declaredFields: EventTypeDeclaration["fields"];
  readonly types: StoredType[];
}

/**
 * A type of a namespace that has, or had, events. Its events carry it as a tag without a name. Where fields were
 * declared when it had events, it has two: that of those events, and on a shelf of its own that of the later ones.
 */
export interface StoredType {
  readonly name: string;
  readonly tagId: number;
  readonly shelf: Shelf;
}

interface ShelfRow {
  readonly shelf_id: number;
  readonly namespace: string;
  readonly declared: string;
  readonly numeric_tag_id: number;
}

interface TypeRow {
  readonly tag_id: number;
  readonly shelf_id: number;
  readonly name: string;
}

interface TagRow {
  readonly tag_id: number;
  readonly tag: string;
}

interface TagExtent {
  readonly tags: number;
  readonly size: number;
}

/** From the first, included, to the second, excluded. */
export type TagBounds = readonly [low: string, high: string | Uint8Array];

/** A blob comes after every text. */
const AFTER_ALL_TAGS = new Uint8Array();

/** Where all tags are, or those that start with `<generic>:`; after a colon comes a semicolon. */
export const tagsWithin = (generic?: string): TagBounds =>
  generic === undefined ? ["", AFTER_ALL_TAGS] : [`${generic}:`, `${generic};`];

const NAMED_TAGS = "FROM tag WHERE shelf_id = ? AND tag >= ? AND tag < ?";

/** In place of a declared type's name: the shelf of all others. */
const SHARED = "";

/** The small numbers that stand for shelves, types, tags and paths in every other table. */
export class Names {
  readonly #database: EmbeddedDatabase;
  readonly #declared: DeclaredTypes;
  #shelves: Map<number, Shelf> | undefined;
  readonly #types = new Map<string, StoredType>();
  readonly #typesByTag = new Map<number, StoredType>();
  readonly #tagIds = new RememberedIds();
  readonly #fieldIds = new RememberedIds();

  constructor(database: EmbeddedDatabase, declared: DeclaredTypes) {
    this.#database = database;
    this.#declared = declared;
    database.onRollback(() => this.forgetRemembered());
  }

  /** Says that rows of names may have gone, or that types were declared anew. */
  forgetRemembered(): void {
    this.#shelves = undefined;
    this.#types.clear();
    this.#typesByTag.clear();
    this.#tagIds.clear();
    this.#fieldIds.clear();
  }

  shelves(): Shelf[] {
    return [...this.#loadedShelves().values()];
  }

  /** The type, made if need be. */
  typeFor(namespace: string, name: string): StoredType {
    const key = `${namespace} ${name}`;
    let type = this.#types.get(key);
    if (type === undefined) {
      type = this.#heldType(namespace, name) ?? this.#makeType(namespace, name);
      this.#types.set(key, type);
    }
    return type;
  }

  /**
   * The stored type, but not one whose events were kept without columns where the type declares fields by now: its
   * later events belong to another stored type.
   */
  #heldType(namespace: string, name: string): StoredType | undefined {
    const held = this.shelves()
      .filter((shelf) => shelf.namespace === namespace)
      .flatMap(({ types }) => types.filter((other) => other.name === name));
    const hasFields = declarationOf(name, this.#declared.inForce()).fields !== undefined;
    return (
      held.find(({ shelf }) => (shelf.declaredFields !== undefined) === hasFields) ?? (hasFields ? undefined : held[0])
    );
  }

  /** The type that a tag without a name stands for. */
  typeOf(tagId: number): StoredType {
    if (this.#typesByTag.size === 0)
      for (const type of this.shelves().flatMap(({ types }) => types)) this.#typesByTag.set(type.tagId, type);
    return this.#typesByTag.get(tagId) as StoredType;
  }

  tagId({ shelfId }: Shelf, tag: string): number | undefined {
    const sql = "SELECT tag_id FROM tag WHERE shelf_id = ? AND tag = ?";
    return this.#tagIds.get(shelfId, tag) ?? this.#database.get<{ tag_id: number }>(sql, shelfId, tag)?.tag_id;
  }

  /** The tag's number, made if need be. */
  tagIdFor(shelf: Shelf, tag: string): number {
    const known = this.#tagIds.get(shelf.shelfId, tag);
    if (known !== undefined) return known;
    const id = this.tagId(shelf, tag) ?? this.#makeTag(shelf.shelfId, tag);
    this.#tagIds.set(shelf.shelfId, tag, id);
    return id;
  }

  /** The tags of a shelf by their numbers: all, or those that start with `<generic>:`. */
  tagsOf({ shelfId }: Shelf, generic?: string): Map<number, string> {
    const sql = `SELECT tag_id, tag ${NAMED_TAGS}`;
    const rows = this.#database.all<TagRow>(sql, shelfId, ...tagsWithin(generic));
    return new Map(rows.map(({ tag_id, tag }) => [tag_id, tag]));
  }

  /** How many tags `tagsOf` gives, and how many events have one, added up; of the first `most` of them. */
  extentOf({ shelfId }: Shelf, generic: string | undefined, most: number): TagExtent {
    const sql = `SELECT count(*) AS tags, coalesce(sum(size), 0) AS size FROM (SELECT size ${NAMED_TAGS} LIMIT ?)`;
    return this.#database.get<TagExtent>(sql, shelfId, ...tagsWithin(generic), most) as TagExtent;
  }

  fieldId({ shelfId }: Shelf, path: string): number | undefined {
    const sql = "SELECT field_id FROM path WHERE shelf_id = ? AND path = ?";
    return this.#fieldIds.get(shelfId, path) ?? this.#database.get<{ field_id: number }>(sql, shelfId, path)?.field_id;
  }

  /** The path's number, made if need be. */
  fieldIdFor(shelf: Shelf, path: string): number {
    const known = this.#fieldIds.get(shelf.shelfId, path);
    if (known !== undefined) return known;
    const sql = "INSERT INTO path (shelf_id, path) VALUES (?, ?)";
    const id = this.fieldId(shelf, path) ?? this.#database.run(sql, shelf.shelfId, path).rowId;
    this.#fieldIds.set(shelf.shelfId, path, id);
    return id;
  }

  #makeType(namespace: string, name: string): StoredType {
    const declaration = declarationOf(name, this.#declared.inForce());
    const declared = declaration.fields === undefined ? SHARED : declaration.name;
    const shelf = this.#shelfFor(namespace, declared);
    const tagId = this.#makeTag(shelf.shelfId, null);
    this.#database.run("INSERT INTO type (tag_id, shelf_id, name) VALUES (?, ?, ?)", tagId, shelf.shelfId, name);
    const type = { name, tagId, shelf };
    shelf.types.push(type);
    this.#typesByTag.clear();
    return type;
  }

  #shelfFor(namespace: string, declared: string): Shelf {
    const select = "SELECT shelf_id FROM shelf WHERE namespace = ? AND declared = ?";
    const held = this.#database.get<{ shelf_id: number }>(select, namespace, declared);
    if (held !== undefined) return this.#loadedShelves().get(held.shelf_id) as Shelf;
    const insert = "INSERT INTO shelf (namespace, declared, numeric_tag_id) VALUES (?, ?, 0)";
    const { rowId } = this.#database.run(insert, namespace, declared);
    const numericTagId = this.#makeTag(rowId, null);
    this.#database.run("UPDATE shelf SET numeric_tag_id = ? WHERE shelf_id = ?", numericTagId, rowId);
    return this.#addShelf({ shelf_id: rowId, namespace, declared, numeric_tag_id: numericTagId });
  }

  #makeTag(shelfId: number, tag: string | null): number {
    return this.#database.run("INSERT INTO tag (shelf_id, tag) VALUES (?, ?)", shelfId, tag).rowId;
  }

  #addShelf(row: ShelfRow): Shelf {
    const shelf: Shelf = {
      shelfId: row.shelf_id,
      namespace: row.namespace,
      numericTagId: row.numeric_tag_id,
      declaredFields:
        row.declared === SHARED ? undefined : declarationOf(row.declared, this.#declared.inForce()).fields,
      types: [],
    };
    this.#loadedShelves().set(shelf.shelfId, shelf);
    return shelf;
  }

  #loadedShelves(): Map<number, Shelf> {
    if (this.#shelves !== undefined) return this.#shelves;
    this.#shelves = new Map();
    for (const row of this.#database.all<ShelfRow>("SELECT * FROM shelf")) this.#addShelf(row);
    for (const { tag_id, shelf_id, name } of this.#database.all<TypeRow>("SELECT * FROM type")) {
      const shelf = this.#shelves.get(shelf_id) as Shelf;
      shelf.types.push({ name, tagId: tag_id, shelf });
    }
    return this.#shelves;
  }
}
