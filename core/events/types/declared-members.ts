import { type DeclaredFields, type FieldKind, scalarsOf } from "#core/events/types/event-types.ts";

type Members = Readonly<Record<string, unknown>>;

/** Declared fields that are paths; most types have none. */
const pathsOf = new WeakMap<DeclaredFields, readonly string[]>();

/**
 * What each declared field holds of a value that is an object: by its name a member, else by its dots a member of an
 * object in it; arrays are looked through. Fields that the value does not have are left out.
 */
export function declaredMembers(members: Members, fields: DeclaredFields): [field: string, member: unknown][] {
  const found: [string, unknown][] = [];
  for (const field in fields) if (Object.hasOwn(members, field)) found.push([field, members[field]]);
  let paths = pathsOf.get(fields);
  if (paths === undefined) {
    paths = Object.keys(fields).filter((field) => field.includes("."));
    pathsOf.set(fields, paths);
  }
  for (const path of paths) {
    if (Object.hasOwn(members, path)) continue;
    const below = membersAt([members], path.split("."));
    if (below.length > 0) found.push([path, below.length === 1 ? below[0] : below]);
  }
  return found;
}

function membersAt(nodes: readonly unknown[], path: readonly string[]): readonly unknown[] {
  let reached = nodes;
  for (const key of path)
    reached = flattened(reached).flatMap((node) =>
      typeof node === "object" && node !== null && Object.hasOwn(node, key) ? [(node as Members)[key]] : [],
    );
  return flattened(reached);
}

/** Arrays of arrays, too, however deep: a stack of its own, as values nest deeper than calls can. */
function flattened(nodes: readonly unknown[]): unknown[] {
  const flat: unknown[] = [];
  const pending = [...nodes].reverse();
  for (let node = pending.pop(); node !== undefined; node = pending.pop())
    if (Array.isArray(node)) for (let index = node.length - 1; index >= 0; index--) pending.push(node[index]);
    else flat.push(node);
  return flat;
}

/** The values of one declared field; none where the value does not hold them. */
export function declaredScalars(members: Members, field: string, kind: FieldKind): (string | number | boolean)[] {
  const [found] = declaredMembers(members, { [field]: kind });
  return found === undefined ? [] : scalarsOf(kind, found[1]);
}
