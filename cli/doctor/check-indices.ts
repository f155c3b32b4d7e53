import type { Client } from "@opensearch-project/opensearch";
import { bad, type Finding, ok } from "#cli/doctor/finding.ts";
import type { HeldTemplate } from "#cli/doctor/held-templates.ts";
import { request } from "#stores/opensearch/client.ts";

type Properties = Readonly<Record<string, { readonly type?: string; readonly properties?: Properties }>>;
interface Mappings {
  readonly dynamic?: string | boolean;
  readonly properties?: Properties;
}

const PART = "indices";

/**
 * Whether each index has the fields that its template gives, and takes writes. One that was made without it never will.
 */
export async function checkIndices(client: Client, templates: readonly HeldTemplate[]): Promise<readonly Finding[]> {
  const patterns = [...new Set(templates.flatMap(({ index_patterns }) => index_patterns))].join(",");
  const [mappings, blocked] = await Promise.all([readMappings(client, patterns), readBlocked(client, patterns)]);
  const wrong = Object.entries(mappings).flatMap(([index, held]) => {
    const faults = faultsOf(held, mappingsFor(index, templates));
    return faults.length === 0 ? [] : [bad(PART, `${index}: ${faults.join(", ")}`, "index-mappings")];
  });
  const closed = blocked.map(([index, blocks]) => bad(PART, `${index} is blocked: ${blocks}`, "store-writes-blocked"));
  const found = [...wrong, ...closed];
  return found.length > 0 ? found : [ok(PART, `all ${Object.keys(mappings).length} have their fields and take writes`)];
}

/** Those that OpenSearch makes the index with: of the templates whose pattern fits, the one of the highest priority. */
function mappingsFor(index: string, templates: readonly HeldTemplate[]): Mappings {
  const fits = (pattern: string): boolean =>
    pattern.endsWith("*") ? index.startsWith(pattern.slice(0, -1)) : index === pattern;
  const [best] = templates
    .filter(({ index_patterns }) => index_patterns.some(fits))
    .sort((one, other) => (other.priority ?? 0) - (one.priority ?? 0));
  return best?.template?.mappings ?? {};
}

function faultsOf(held: Mappings, wanted: Mappings): readonly string[] {
  const dynamic = String(held.dynamic ?? true);
  const heldTypes = typesOf(held.properties);
  const faults = dynamic === "false" ? [] : [`guesses the fields of what it gets (dynamic: ${dynamic})`];
  for (const [path, type] of typesOf(wanted.properties)) {
    const heldType = heldTypes.get(path);
    if (heldType === undefined) faults.push(`has no field ${path}`);
    else if (heldType !== type) faults.push(`${path} is ${heldType}, not ${type}`);
  }
  return faults;
}

/** The type of each field by its path: an object and a name with a dot in it are the same. */
function typesOf(properties: Properties = {}, parent = ""): Map<string, string> {
  const types = new Map<string, string>();
  for (const [name, field] of Object.entries(properties)) {
    const path = parent + name;
    if (field.type !== undefined) types.set(path, field.type);
    for (const [below, type] of typesOf(field.properties, `${path}.`)) types.set(below, type);
  }
  return types;
}

async function readMappings(client: Client, patterns: string): Promise<Readonly<Record<string, Mappings>>> {
  const { body } = await request<Readonly<Record<string, { readonly mappings: Mappings }>>>(client, {
    method: "GET",
    path: `/${patterns}/_mapping`,
    query: { ignore_unavailable: true },
  });
  return Object.fromEntries(Object.entries(body).map(([index, { mappings }]) => [index, mappings]));
}

/** The indices that refuse writes, and what they are blocked by. */
async function readBlocked(client: Client, patterns: string): Promise<readonly (readonly [string, string])[]> {
  const { body } = await request<Readonly<Record<string, { readonly settings: Readonly<Record<string, string>> }>>>(
    client,
    {
      method: "GET",
      path: `/${patterns}/_settings/index.blocks.*`,
      query: { ignore_unavailable: true, flat_settings: true },
    },
  );
  return Object.entries(body).flatMap(([index, { settings }]) => {
    const blocks = Object.keys(settings).filter((name) => settings[name] === "true");
    return blocks.length === 0 ? [] : [[index, blocks.join(", ")] as const];
  });
}
