import { declarationOf, type EventTypeDeclaration, type FieldKind } from "#core/events/event-types.ts";
import type { EmbeddedDatabase } from "#stores/embedded/database.ts";

/** A tag, or one of two sets that are kept like tags; being numbers, they can be no caller's tag. */
export type TagName = string | typeof EVERY_EVENT | typeof NUMERIC_EVENTS;
/** All events of a type. */
export const EVERY_EVENT = 0;
/** Those whose value is a number; only a set, without rows in `tagged`. */
export const NUMERIC_EVENTS = 1;

/** A type of a namespace that has, or had, events. */
export interface StoredType {
  readonly typeId: number;
  readonly namespace: string;
  readonly name: string;
  readonly declaredFields: Readonly<Record<string, FieldKind>> | undefined;
}

/** Remembered names beyond this are looked up again: tags may be as many as events. */
const MAX_REMEMBERED = 200_000;

/** Small numbers for the types, tags and paths that every row would otherwise repeat. */
export class Names {
  readonly #database: EmbeddedDatabase;
  readonly #declared: readonly EventTypeDeclaration[];
  #types: Map<string, Map<string, StoredType>> | undefined;
  #tagIds = new Map<number, Map<TagName, number>>();
  #fieldIds = new Map<number, Map<string, number>>();
  #remembered = 0;

  constructor(database: EmbeddedDatabase, declared: readonly EventTypeDeclaration[]) {
    this.#database = database;
    this.#declared = declared;
    database.onRollback(() => this.forgetRemembered());
  }

  typesOf(namespace: string): ReadonlyMap<string, StoredType> {
    return this.#loadedTypes().get(namespace) ?? new Map();
  }

  allTypes(): StoredType[] {
    return [...this.#loadedTypes().values()].flatMap((types) => [...types.values()]);
  }

  /** The type, made if need be. */
  typeFor(namespace: string, name: string): StoredType {
    const types = this.#loadedTypes();
    const held = types.get(namespace)?.get(name);
    if (held !== undefined) return held;
    const { rowId } = this.#database.run("INSERT INTO type (namespace, name) VALUES (?, ?)", namespace, name);
    return this.#remember(types, rowId, namespace, name);
  }

  tagId(typeId: number, tag: TagName): number | undefined {
    const known = this.#tagIds.get(typeId)?.get(tag);
    if (known !== undefined) return known;
    return this.#database.get<{ tag_id: number }>("SELECT tag_id FROM tag WHERE type_id = ? AND tag = ?", typeId, tag)
      ?.tag_id;
  }

  /** The tag's number, made if need be. */
  tagIdFor(typeId: number, tag: TagName): number {
    const known = this.#tagIds.get(typeId)?.get(tag);
    if (known !== undefined) return known;
    const id =
      this.tagId(typeId, tag) ?? this.#database.run("INSERT INTO tag (type_id, tag) VALUES (?, ?)", typeId, tag).rowId;
    this.#rememberIn(this.#tagIds, typeId, tag, id);
    return id;
  }

  /** The tags of a type, in the order of their bytes: all, or those that start with `<generic>:`. */
  tagsOf(typeId: number, generic?: string): string[] {
    const rows =
      generic === undefined
        ? this.#database.all<{ tag: string }>(
            "SELECT tag FROM tag WHERE type_id = ? AND typeof(tag) = 'text' ORDER BY tag",
            typeId,
          )
        : this.#database.all<{ tag: string }>(
            "SELECT tag FROM tag WHERE type_id = ? AND tag >= ? AND tag < ? ORDER BY tag",
            typeId,
            `${generic}:`,
            `${generic};`, // the character after the colon
          );
    return rows.map((row) => row.tag);
  }

  fieldId(typeId: number, path: string): number | undefined {
    const known = this.#fieldIds.get(typeId)?.get(path);
    if (known !== undefined) return known;
    return this.#database.get<{ field_id: number }>(
      "SELECT field_id FROM path WHERE type_id = ? AND path = ?",
      typeId,
      path,
    )?.field_id;
  }

  /** The path's number, made if need be. */
  fieldIdFor(typeId: number, path: string): number {
    const known = this.#fieldIds.get(typeId)?.get(path);
    if (known !== undefined) return known;
    const id =
      this.fieldId(typeId, path) ??
      this.#database.run("INSERT INTO path (type_id, path) VALUES (?, ?)", typeId, path).rowId;
    this.#rememberIn(this.#fieldIds, typeId, path, id);
    return id;
  }

  /** Says that rows of names may have gone. */
  forgetRemembered(): void {
    this.#types = undefined;
    this.#tagIds = new Map();
    this.#fieldIds = new Map();
    this.#remembered = 0;
  }

  #loadedTypes(): Map<string, Map<string, StoredType>> {
    if (this.#types !== undefined) return this.#types;
    const types = new Map<string, Map<string, StoredType>>();
    const rows = this.#database.all<{ type_id: number; namespace: string; name: string }>("SELECT * FROM type");
    for (const row of rows) this.#remember(types, row.type_id, row.namespace, row.name);
    this.#types = types;
    return types;
  }

  #remember(types: Map<string, Map<string, StoredType>>, typeId: number, namespace: string, name: string): StoredType {
    const declaredFields = declarationOf(name, this.#declared).fields;
    const type: StoredType = { typeId, namespace, name, declaredFields };
    let ofNamespace = types.get(namespace);
    if (ofNamespace === undefined) {
      ofNamespace = new Map();
      types.set(namespace, ofNamespace);
    }
    ofNamespace.set(name, type);
    return type;
  }

  #rememberIn<Name>(ids: Map<number, Map<Name, number>>, typeId: number, name: Name, id: number): void {
    if (++this.#remembered > MAX_REMEMBERED) {
      this.#tagIds.clear();
      this.#fieldIds.clear();
      this.#remembered = 1;
    }
    let ofType = ids.get(typeId);
    if (ofType === undefined) {
      ofType = new Map();
      ids.set(typeId, ofType);
    }
    ofType.set(name, id);
  }
}
