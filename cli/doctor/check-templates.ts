import { isDeepStrictEqual } from "node:util";
import { bad, type Finding, ok } from "#cli/doctor/finding.ts";
import type { HeldTemplate, HeldTemplates } from "#cli/doctor/held-templates.ts";
import type { IndexTemplate } from "#stores/opensearch/index-templates.ts";

const PART = "templates";

/**
 * Whether each template is there, and is what this version would install. Those
 * of a deployment's own types are counted.
 */
export function checkTemplates(held: HeldTemplates, wanted: readonly IndexTemplate[]): readonly Finding[] {
  const wrong = wanted.flatMap((template) => checkTemplate(template, held.get(template.name)));
  if (wrong.length > 0) return wrong;
  const others = held.size - wanted.length;
  const more = others === 0 ? "" : `, besides ${others} of the deployment's own types`;
  return [ok(PART, `all ${wanted.length} are as this version installs them${more}`)];
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
