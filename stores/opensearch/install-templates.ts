import type { Client } from "@opensearch-project/opensearch";
import { request } from "./client.ts";
import { describeFault, failure, type OpenSearchFault } from "./failure.ts";
import type { IndexTemplate } from "./index-templates.ts";

const pathOf = (name: string): string => `/_index_template/${encodeURIComponent(name)}`;

/**
 * Puts the template, then what its mapping adds on the indices that are there already (a template alone is for new
 * ones), then the index it creates. Repeating it changes nothing; a field that changes its kind is refused by OpenSearch.
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

export async function installTemplates(client: Client, templates: readonly IndexTemplate[]): Promise<void> {
  for (const template of templates) await installTemplate(client, template);
}

/** Removes the template, never an index. */
export async function removeTemplate(client: Client, name: string): Promise<void> {
  await request(client, { method: "DELETE", path: pathOf(name), expect: [404] });
}

export async function hasTemplate(client: Client, name: string): Promise<boolean> {
  const reply = await request(client, { method: "HEAD", path: pathOf(name), expect: [404] });
  return reply.status === 200;
}
