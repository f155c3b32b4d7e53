import type { Client } from "@opensearch-project/opensearch";
import type { EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { together } from "#core/events/types/type-changes.ts";
import { request } from "./client.ts";
import { readDeclared } from "./declared-document.ts";
import { describeFault, failure, type OpenSearchFault } from "./failure.ts";
import { type IndexTemplate, typeOfTemplate, typeTemplate } from "./index-templates.ts";
import { installRetention, type Retention } from "./retention-policies.ts";

const pathOf = (name: string): string => `/_index_template/${encodeURIComponent(name)}`;

/**
 * Puts the template, then what its mapping adds on the indices that are there already (a template
 * alone is for new ones), then the index it creates. Repeating it changes nothing; a field that
 * changes its kind is refused by OpenSearch.
 */
export async function installTemplate(client: Client, { name, creates, body }: IndexTemplate): Promise<void> {
  await request(client, { method: "PUT", path: pathOf(name), body });
  await request(client, {
    method: "PUT",
    path: `/${body.index_patterns.join(",")}/_mapping`,
    query: { ignore_unavailable: true, allow_no_indices: true },
    body: { properties: body.template.mappings.properties },
    // The pattern of a template that creates its index is that index's name, and the index may not be there yet.
    expect: [404],
  });
  if (creates !== undefined) await createIndex(client, creates);
}

async function createIndex(client: Client, index: string): Promise<void> {
  const path = `/${index}`;
  const reply = await request<{ error?: OpenSearchFault }>(client, { method: "PUT", path, expect: [400] });
  const fault = reply.body.error;
  if (fault !== undefined && fault.type !== "resource_already_exists_exception")
    throw failure("unavailable", `did not create ${index}: ${describeFault(fault)}`);
}

/**
 * The template, and how long what is made by it is kept. Answers whether that is so: not
 * where the cluster has no plugin that deletes.
 */
export async function installForEvents(client: Client, template: IndexTemplate): Promise<boolean> {
  await installTemplate(client, template);
  const retention = retentionOf(template);
  return retention === undefined || installRetention(client, retention);
}

/** How long what is made by the template is kept; undefined where that is for ever. */
export function retentionOf(template: IndexTemplate): Retention | undefined {
  const { name, keeps, body } = template;
  if (keeps === undefined) return undefined;
  const [pattern = ""] = body.index_patterns;
  const takesOver = typeOfTemplate(template) !== undefined;
  return { ...keeps, name: name.replaceAll(".", "-"), pattern, priority: body.priority, takesOver };
}

/**
 * What a deployment declares of a type is installed together with what was declared of it while Pulse ran: neither
 * takes from the other (see `together`). Answers as `installForEvents`.
 */
export async function installDeployed(client: Client, template: IndexTemplate): Promise<boolean> {
  const typed = typeOfTemplate(template);
  const declared = typed && (await declaredOf(client, typed.prefix, typed.declaration.name));
  const whole = typed && together(typed.declaration, declared);
  return installForEvents(client, whole === undefined ? template : typeTemplate(whole, typed?.prefix));
}

export async function installTemplates(client: Client, templates: readonly IndexTemplate[]): Promise<void> {
  for (const template of templates) await installDeployed(client, template);
}

async function declaredOf(client: Client, prefix: string, type: string): Promise<EventTypeDeclaration | undefined> {
  const { types } = await readDeclared(client, prefix);
  return types.map(({ declaration }) => declaration).find(({ name }) => name === type);
}

/**
 * Removes the template, never an index, when its deployment goes without it; of a type that was declared while Pulse
 * ran it stays what was declared.
 */
export async function removeDeployed(client: Client, name: string): Promise<void> {
  const dot = name.lastIndexOf(".");
  const declared = dot < 0 ? undefined : await declaredOf(client, name.slice(0, dot), name.slice(dot + 1));
  if (declared === undefined) await removeTemplate(client, name);
  else await installForEvents(client, typeTemplate(declared, name.slice(0, dot)));
}

/** Removes the template, never an index. */
export async function removeTemplate(client: Client, name: string): Promise<void> {
  await request(client, { method: "DELETE", path: pathOf(name), expect: [404] });
}

export async function hasTemplate(client: Client, name: string): Promise<boolean> {
  const reply = await request(client, { method: "HEAD", path: pathOf(name), expect: [404] });
  return reply.status === 200;
}
