import { isDeepStrictEqual } from "node:util";
import type { Client } from "@opensearch-project/opensearch";
import { bad, type Finding, ok } from "#cli/doctor/finding.ts";
import { request } from "#stores/opensearch/client.ts";
import type { IndexTemplate } from "#stores/opensearch/index-templates.ts";

/** What may be left of a template that somebody changed. */
interface HeldTemplate {
  readonly index_patterns: readonly string[];
  readonly priority?: number;
  readonly template?: { readonly settings?: object; readonly mappings?: object };
}

interface HeldTemplates {
  readonly index_templates: readonly { readonly name: string; readonly index_template: HeldTemplate }[];
}

const PART = "templates";

/** Whether each template is there, and is what this version would install. */
export async function checkTemplates(client: Client, wanted: readonly IndexTemplate[]): Promise<readonly Finding[]> {
  const { body } = await request<HeldTemplates>(client, { method: "GET", path: "/_index_template" });
  const held = new Map(body.index_templates.map(({ name, index_template }) => [name, index_template]));
  const wrong = wanted.flatMap((template) => checkTemplate(template, held.get(template.name)));
  return wrong.length > 0 ? wrong : [ok(PART, `all ${wanted.length} are as this version installs them`)];
}

function checkTemplate({ name, body }: IndexTemplate, held: HeldTemplate | undefined): readonly Finding[] {
  if (held === undefined) return [bad(PART, `${name} is missing`, "index-templates")];
  const heldParts = partsOf(held);
  const differing = Object.entries(partsOf(body))
    .filter(([part, wanted]) => !isDeepStrictEqual(asText(heldParts[part as Part]), asText(wanted)))
    .map(([part]) => part);
  if (differing.length === 0) return [];
  return [bad(PART, `${name} is not as this version installs it: ${differing.join(", ")}`, "index-templates")];
}

const partsOf = ({ index_patterns, priority, template }: HeldTemplate) => ({
  pattern: index_patterns,
  priority,
  settings: template?.settings,
  mappings: template?.mappings,
});

type Part = keyof ReturnType<typeof partsOf>;

/** OpenSearch gives numbers and truth values of settings back as text. */
function asText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asText);
  if (typeof value !== "object" || value === null) return String(value);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, asText(member)]));
}
