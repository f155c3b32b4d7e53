import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** An object as it is kept; `fields` and such of OpenSearch Dashboards itself may be put beside. */
export interface KeptObject {
  readonly type: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly references: readonly { readonly type: string; readonly id: string; readonly name: string }[];
  readonly migrationVersion?: Readonly<Record<string, string>>;
}

/**
 * A stand-in for OpenSearch Dashboards' saved objects, as strict as it is known to be: OpenSearch Dashboards itself
 * cannot be had where tests run. Routes, queries, refusals and answers are those of
 * src/core/server/saved_objects/routes/{find,import, delete}.ts and
 * ../import/{import_saved_objects,collect_saved_objects,validate_references}.ts of its sources, attributes those of its
 * mappings, which take no other.
 */
export interface SavedObjectsServer {
  /** With a base path. */
  readonly url: string;
  readonly objects: Map<string, KeptObject>;
  /** Every request that it answered: `GET /_find`, `POST /_import`, `DELETE /dashboard/id`. */
  readonly requests: string[];
  /** What the next requests are answered, instead of what they ask for. */
  failNext(status: number, times: number): void;
  close(): Promise<void>;
}

const ROOT = "/_dashboards/api/saved_objects";

/** `properties` of each type's mapping, which is strict. */
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  "index-pattern": [
    "title",
    "timeFieldName",
    "fields",
    "fieldFormatMap",
    "intervalName",
    "sourceFilters",
    "type",
    "typeMeta",
  ],
  search: ["columns", "description", "hits", "kibanaSavedObjectMeta", "sort", "title", "version"],
  visualization: [
    "description",
    "kibanaSavedObjectMeta",
    "savedSearchRefName",
    "title",
    "uiStateJSON",
    "version",
    "visState",
  ],
  dashboard: [
    "description",
    "hits",
    "kibanaSavedObjectMeta",
    "optionsJSON",
    "panelsJSON",
    "refreshInterval",
    "timeFrom",
    "timeRestore",
    "timeTo",
    "title",
    "version",
  ],
};

class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export async function openSavedObjectsServer(): Promise<SavedObjectsServer> {
  const objects = new Map<string, KeptObject>();
  const requests: string[] = [];
  const failing = { status: 0, times: 0 };

  const answer = async (request: IncomingMessage): Promise<object> => {
    const url = new URL(request.url ?? "", "http://server");
    if (!url.pathname.startsWith(`${ROOT}/`)) throw new Refusal(404, "Not Found");
    const path = url.pathname.slice(ROOT.length);
    const body = await buffer(request);
    requests.push(`${request.method} ${path}`);
    if (request.method !== "GET" && request.headers["osd-xsrf"] === undefined)
      throw new Refusal(400, "Request must contain the osd-xsrf header.");
    if (request.headers.securitytenant !== "global") throw new Refusal(403, "no such tenant");
    if (failing.times-- > 0) throw new Refusal(failing.status, "as the test wants it");
    if (request.method === "GET" && path === "/_find") return find(objects, url.searchParams);
    if (request.method === "POST" && path === "/_import")
      return importAll(objects, url.searchParams, fileOf(request.headers["content-type"], body));
    const [, type, id] = path.split("/").map(decodeURIComponent);
    if (request.method !== "DELETE" || id === undefined) throw new Refusal(404, "Not Found");
    if (!objects.delete(`${type}:${id}`)) throw new Refusal(404, `Saved object [${type}/${id}] not found`);
    return {};
  };

  const server = createServer((request, response) => {
    answer(request).then(
      (body) => send(response, 200, body),
      (error: Error) => {
        const status = error instanceof Refusal ? error.status : 500;
        send(response, status, { statusCode: status, error: "refused", message: error.message });
      },
    );
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/_dashboards`,
    objects,
    requests,
    failNext: (status, times) => Object.assign(failing, { status, times }),
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(body));
}

function find(objects: ReadonlyMap<string, KeptObject>, query: URLSearchParams): object {
  const unknown = [...query.keys()].filter((key) => !["type", "per_page", "page"].includes(key));
  if (unknown.length > 0) throw new Refusal(400, `[request query.${unknown[0]}]: definition for this key is missing`);
  const types = query.getAll("type");
  if (types.length === 0) throw new Refusal(400, "[request query.type]: at least one value is expected");
  const perPage = Number(query.get("per_page") ?? 20);
  const page = Number(query.get("page") ?? 1);
  const found = [...objects.values()].filter(({ type }) => types.includes(type));
  return {
    page,
    per_page: perPage,
    total: found.length,
    saved_objects: found
      .slice((page - 1) * perPage, page * perPage)
      .map((object) => ({ ...object, version: "WzEsMV0=" })),
  };
}

/** The one file of a form. */
function fileOf(contentType: string | undefined, body: Buffer): string {
  const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(contentType ?? "")?.[1];
  if (boundary === undefined) throw new Refusal(415, "Unsupported Media Type");
  const [before, part, end, ...more] = body.toString("utf8").split(`--${boundary}`);
  if (before !== "" || end !== "--\r\n" || more.length > 0 || !part?.endsWith("\r\n"))
    throw new Refusal(400, "Invalid multipart payload format");
  const [head = "", ...content] = part.slice(2, -2).split("\r\n\r\n");
  const [, field, filename] = /form-data; name="([^"]*)"; filename="([^"]*)"/.exec(head) ?? [];
  if (field !== "file") throw new Refusal(400, "[request body.file]: expected value of type [Stream]");
  if (!filename?.endsWith(".ndjson")) throw new Refusal(400, `Invalid file extension ${filename}`);
  return content.join("\r\n\r\n");
}

function importAll(objects: Map<string, KeptObject>, query: URLSearchParams, file: string): object {
  const sent = file
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as KeptObject);
  const keys = sent.map(({ type, id }) => `${type}:${id}`);
  if (new Set(keys).size < keys.length) throw new Refusal(400, "Non-unique import objects detected");
  const errors = sent.flatMap((object) => {
    const error = faultOf(object, objects, keys, query.get("overwrite") === "true");
    return error === undefined ? [] : [{ type: object.type, id: object.id, error }];
  });
  // What is wrong with one keeps all of an import out.
  if (errors.length > 0) return { success: false, successCount: 0, errors };
  for (const object of sent) objects.set(`${object.type}:${object.id}`, object);
  return { success: true, successCount: sent.length, successResults: sent.map(({ type, id }) => ({ type, id })) };
}

function faultOf(
  { type, id, attributes, references, migrationVersion }: KeptObject,
  objects: ReadonlyMap<string, KeptObject>,
  imported: readonly string[],
  overwrites: boolean,
): object | undefined {
  const known = ATTRIBUTES[type];
  if (known === undefined) return { type: "unsupported_type" };
  if (migrationVersion === undefined) return { type: "unknown", message: "it would be migrated from the start" };
  const strange = Object.keys(attributes).find((name) => !known.includes(name));
  if (strange !== undefined) return { type: "unknown", message: `mapping set to strict: [${type}.${strange}]` };
  const missing = references
    .filter((reference) => ["index-pattern", "search"].includes(reference.type))
    .filter((reference) => {
      const key = `${reference.type}:${reference.id}`;
      return !imported.includes(key) && !objects.has(key);
    });
  if (missing.length > 0) return { type: "missing_references", references: missing };
  return objects.has(`${type}:${id}`) && !overwrites ? { type: "conflict" } : undefined;
}
