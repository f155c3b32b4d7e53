import { randomBytes } from "node:crypto";
import type { Client } from "@opensearch-project/opensearch";
import { openClient, request } from "#stores/opensearch/client.ts";
import { indexTemplates } from "#stores/opensearch/index-templates.ts";
import { installTemplates } from "#stores/opensearch/install-templates.ts";
import { OpenSearchEventStore, type OpenSearchStoreOptions } from "#stores/opensearch/opensearch-event-store.ts";

/** A part of a shared OpenSearch that begins with a name of its own. */
export interface Isolated {
  readonly prefix: string;
  readonly client: Client;
  /** Another store on the same indices, as another process would have; `through` is a proxy's address. */
  open(options?: OpenSearchStoreOptions, through?: string): Promise<OpenSearchEventStore>;
  /** Closes what was opened and removes every index and template. */
  remove(): Promise<void>;
}

export async function isolate(url: string): Promise<Isolated> {
  const prefix = `t${randomBytes(5).toString("hex")}`;
  const client = await openClient({ url, auth: "none" });
  const opened: OpenSearchEventStore[] = [];
  return {
    prefix,
    client,
    open: async (options = {}, through = url) => {
      const store = new OpenSearchEventStore(await openClient({ url: through, auth: "none" }), { prefix, ...options });
      opened.push(store);
      return store;
    },
    remove: async () => {
      await Promise.all(opened.map((store) => store.close()));
      await request(client, { method: "DELETE", path: `/${prefix}.*,${prefix}_*` });
      await request(client, { method: "DELETE", path: `/_index_template/${prefix}*`, expect: [404] });
      await client.close();
    },
  };
}

/** The same with its templates installed. */
export async function isolateInstalled(url: string): Promise<Isolated> {
  const isolated = await isolate(url);
  await installTemplates(isolated.client, indexTemplates(undefined, isolated.prefix));
  return isolated;
}
