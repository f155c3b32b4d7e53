import type { Client } from "@opensearch-project/opensearch";
import type { EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { request } from "./client.ts";
import { typeIndex } from "./index-names.ts";

/*
 * Beside the places of types, in the index that every function may read, one document holds what was declared of types
 * while Pulse ran. `~` is in the name of no type. Declarations are kept as text: their names are no fields of an index.
 */
const pathOf = (prefix: string): string => `/${typeIndex(prefix)}/_doc/${encodeURIComponent("~declared")}`;

export interface Declared {
  readonly declaration: EventTypeDeclaration;
  readonly version: number;
}

export interface DeclaredDocument {
  readonly types: readonly Declared[];
  /** For compare-and-set; undefined while there is no document. */
  readonly place?: { readonly if_seq_no: number; readonly if_primary_term: number };
}

export const NOTHING_DECLARED: DeclaredDocument = { types: [] };

interface Answer {
  readonly found?: boolean;
  readonly _seq_no: number;
  readonly _primary_term: number;
  readonly _source: { readonly declarations: string };
}

export async function readDeclared(client: Client, prefix: string): Promise<DeclaredDocument> {
  const { body } = await request<Answer>(client, { method: "GET", path: pathOf(prefix), expect: [404] });
  if (!body.found) return NOTHING_DECLARED;
  return {
    types: JSON.parse(body._source.declarations),
    place: { if_seq_no: body._seq_no, if_primary_term: body._primary_term },
  };
}

/** In place of what was read; whether nobody else came first. */
export async function writeDeclared(
  client: Client,
  prefix: string,
  { types, place }: DeclaredDocument,
): Promise<boolean> {
  const { status } = await request(client, {
    method: "PUT",
    path: pathOf(prefix),
    query: place === undefined ? { op_type: "create" } : { ...place },
    body: { declarations: JSON.stringify(types) },
    expect: [409],
  });
  return status !== 409;
}
