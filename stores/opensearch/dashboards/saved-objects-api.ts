import { randomUUID } from "node:crypto";
import type { Client } from "@opensearch-project/opensearch";
import { type OpenSearchRequest, type OpenSearchSettings, openClient, request } from "#stores/opensearch/client.ts";
import { SAVED_OBJECT_TYPES, type SavedObject, type SavedObjectKey, toNdjson } from "./saved-object.ts";

/** An object as OpenSearch Dashboards holds it. */
export type HeldObject = SavedObjectKey & Pick<SavedObject, "attributes" | "references">;

/** The objects that OpenSearch Dashboards holds, of the types that Pulse makes. */
export interface SavedObjectsApi {
  /** Every object whose id begins so. */
  held(prefix: string): Promise<readonly HeldObject[]>;
  /** Creates them or puts them in the place of those there are; others are not touched. */
  put(objects: readonly SavedObject[]): Promise<void>;
  /** One that is not there is removed already. */
  remove(key: SavedObjectKey): Promise<void>;
  close(): Promise<void>;
}

/**
 * What every request carries: without `osd-xsrf` those that change something are refused; the tenant is the one that
 * all users of OpenSearch Dashboards share, where it has tenants.
 */
const HEADERS = { "osd-xsrf": "true", securitytenant: "global" };

const PAGE_OBJECTS = 500;
/** Objects of others are among them. OpenSearch pages through no more. */
const MAX_OBJECTS = 10_000;
/** A few hundred KB: far below what it takes at once (`savedObjects.maxImportPayloadBytes`). */
const IMPORTED_AT_ONCE = 200;

/**
 * OpenSearch Dashboards at the address that has its base path, `/_dashboards` in the domains of AWS.
 * (docs.opensearch.org/latest/dashboards/management/saved-objects-api)
 */
export async function openSavedObjectsApi(settings: OpenSearchSettings): Promise<SavedObjectsApi> {
  const { origin, pathname } = new URL(settings.url);
  const client = await openClient({ ...settings, url: origin });
  return savedObjectsApi(client, `${pathname.replace(/\/$/, "")}/api/saved_objects`);
}

function savedObjectsApi(client: Client, root: string): SavedObjectsApi {
  const ask = async <Body>(asked: OpenSearchRequest): Promise<Body> =>
    (await request<Body>(client, { ...asked, path: `${root}${asked.path}`, headers: { ...HEADERS, ...asked.headers } }))
      .body;
  return {
    held: (prefix) => heldObjects(ask, prefix),
    async put(objects) {
      // In the order given, in which none refers to a later one: OpenSearch Dashboards refuses what refers to nothing.
      for (let start = 0; start < objects.length; start += IMPORTED_AT_ONCE)
        await importObjects(ask, objects.slice(start, start + IMPORTED_AT_ONCE));
    },
    async remove({ type, id }) {
      await ask({ method: "DELETE", path: `/${type}/${encodeURIComponent(id)}`, expect: [404] });
    },
    close: () => client.close(),
  };
}

type Ask = <Body>(asked: OpenSearchRequest) => Promise<Body>;

interface FoundPage {
  readonly total: number;
  readonly saved_objects: readonly HeldObject[];
}

async function heldObjects(ask: Ask, prefix: string): Promise<readonly HeldObject[]> {
  const held = new Map<string, HeldObject>();
  for (const type of SAVED_OBJECT_TYPES)
    for (let page = 1, seen = 0, total = 1; seen < total; page++) {
      const query = { type, per_page: PAGE_OBJECTS, page };
      const found = await ask<FoundPage>({ method: "GET", path: "/_find", query });
      ({ total } = found);
      if (total > MAX_OBJECTS)
        throw new Error(`OpenSearch Dashboards holds ${total} of ${type}: no more than ${MAX_OBJECTS} can be read`);
      for (const object of found.saved_objects)
        if (object.id.startsWith(prefix)) held.set(`${type}:${object.id}`, object);
      if (found.saved_objects.length === 0) break;
      seen += found.saved_objects.length;
    }
  return [...held.values()];
}

interface Imported {
  readonly success: boolean;
  readonly errors?: readonly (SavedObjectKey & { readonly error: { readonly type: string } })[];
}

/** A form with a file, as the page for imports sends it. */
async function importObjects(ask: Ask, objects: readonly SavedObject[]): Promise<void> {
  const boundary = `pulse-${randomUUID()}`;
  const { success, errors = [] } = await ask<Imported>({
    method: "POST",
    path: "/_import",
    query: { overwrite: true },
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    text:
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="pulse.ndjson"\r\n` +
      `Content-Type: application/x-ndjson\r\n\r\n${toNdjson(objects)}\r\n--${boundary}--\r\n`,
  });
  if (success) return;
  const [first] = errors;
  throw new Error(
    `OpenSearch Dashboards refused ${errors.length} of ${objects.length} objects, ` +
      `${first?.type} ${first?.id} among them: ${first?.error.type}`,
  );
}
