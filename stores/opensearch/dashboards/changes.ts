import { isDeepStrictEqual } from "node:util";
import { SAVED_OBJECT_TYPES, type SavedObject, type SavedObjectKey } from "./saved-object.ts";
import type { HeldObject } from "./saved-objects-api.ts";

export interface Changes {
  /** Those that are not there, or not as they must be. */
  readonly put: readonly SavedObject[];
  /** Those that nobody wants any more; what refers to others goes first. */
  readonly remove: readonly SavedObjectKey[];
}

/** From the objects that are held to those that are wanted. */
export function changes(held: readonly HeldObject[], wanted: readonly SavedObject[]): Changes {
  const heldByKey = new Map(held.map((object) => [keyOf(object), object]));
  const wantedKeys = new Set(wanted.map(keyOf));
  return {
    put: wanted.filter((object) => !isAsWanted(heldByKey.get(keyOf(object)), object)),
    remove: held.filter((object) => !wantedKeys.has(keyOf(object))).toSorted((one, other) => rank(other) - rank(one)),
  };
}

const keyOf = ({ type, id }: SavedObjectKey): string => `${type}:${id}`;
const rank = ({ type }: SavedObjectKey): number => SAVED_OBJECT_TYPES.indexOf(type);

/** OpenSearch Dashboards adds attributes of its own (an index pattern's fields, say), which stay. */
function isAsWanted(held: HeldObject | undefined, { attributes, references }: SavedObject): boolean {
  if (held === undefined) return false;
  return (
    Object.entries(attributes).every(([name, value]) => isDeepStrictEqual(held.attributes[name], value)) &&
    isDeepStrictEqual(sorted(held.references), sorted(references))
  );
}

const sorted = (references: SavedObject["references"]) =>
  references.map(({ type, id, name }) => `${name} ${type} ${id}`).sort();
