import type { Client } from "@opensearch-project/opensearch";
import { request } from "#stores/opensearch/client.ts";
import type { IndexTemplate } from "#stores/opensearch/index-templates.ts";

/** An index template as OpenSearch has it: what somebody changed may lack any part. */
export interface HeldTemplate {
  readonly index_patterns: readonly string[];
  readonly priority?: number;
  readonly template?: { readonly settings?: object; readonly mappings?: object };
}

/** By their names. */
export type HeldTemplates = ReadonlyMap<string, HeldTemplate>;

/** The templates of one Pulse, those of types that only its deployment declares among them. */
export async function readTemplates(client: Client, prefix: string): Promise<HeldTemplates> {
  type Answer = {
    readonly index_templates: readonly { readonly name: string; readonly index_template: HeldTemplate }[];
  };
  const { body } = await request<Answer>(client, { method: "GET", path: "/_index_template" });
  const isOurs = (name: string): boolean =>
    name === prefix || name.startsWith(`${prefix}.`) || name.startsWith(`${prefix}_`);
  return new Map(
    body.index_templates.filter(({ name }) => isOurs(name)).map(({ name, index_template }) => [name, index_template]),
  );
}

/** What indices ought to be made with: as this version has it, else as the deployment declared it. */
export const expectedTemplates = (held: HeldTemplates, wanted: readonly IndexTemplate[]): readonly HeldTemplate[] => [
  ...new Map<string, HeldTemplate>([...held, ...wanted.map(({ name, body }) => [name, body] as const)]).values(),
];
