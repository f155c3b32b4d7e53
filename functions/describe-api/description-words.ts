/** A part of a document of OpenAPI or JSON Schema. */
export type Json = Readonly<Record<string, unknown>>;

export const text: Json = { type: "string" };
export const integer: Json = { type: "integer" };
export const time: Json = { type: "string", format: "date-time" };
export const listOf = (items: Json): Json => ({ type: "array", items });

/** A schema of the description's own. */
export const reference = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
/** A body of JSON. */
export const json = (schema: Json): Json => ({ "application/json": { schema } });
export const header = (description: string, schema: Json = text): Json => ({ description, schema });

export const parameter = (name: string, place: "query" | "header", description: string, schema: Json = text): Json => ({
  name,
  in: place,
  description,
  schema,
});

/** Of a question: which write it must see. */
export const AFTER = parameter("after", "query", "A Pulse-Receipt: waits up to 5 s until that write is visible");

export interface Answer {
  readonly description: string;
  readonly content?: Json;
  readonly headers?: Json;
}

/** What is particular to a route: its body, and what it answers when all is well. */
export interface Particulars {
  readonly body?: Json;
  readonly answers: Readonly<Record<string, Answer>>;
}
