import { describe, expect, test } from "@jest/globals";
import { AGGREGATORS } from "#core/events/query/query-schema.ts";
import { openApiDescription } from "#functions/describe-api/openapi.ts";
import { routes } from "#functions/routes.ts";

// biome-ignore lint/suspicious/noExplicitAny: a document of any shape is looked into
const description = JSON.parse(JSON.stringify(openApiDescription())) as any;

/** Every value under the key, wherever it stands. */
function* valuesOf(key: string, node: unknown): Generator<unknown> {
  if (typeof node !== "object" || node === null) return;
  for (const [name, value] of Object.entries(node)) {
    if (name === key) yield value;
    yield* valuesOf(key, value);
  }
}

describe("the OpenAPI description", () => {
  test("has every route, each with an id of its own, every segment of its path, and what it answers", () => {
    const operations = routes.map(({ method, path }) => description.paths[path]?.[method.toLowerCase()]);

    expect(operations.filter((operation) => operation === undefined)).toEqual([]);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(routes.length);
    for (const [index, { path }] of routes.entries()) {
      const { parameters, responses } = operations[index];
      const inPath = parameters.filter((parameter: { in: string }) => parameter.in === "path");
      expect(inPath.map(({ name }: { name: string }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
      expect(Object.keys(responses)).toContain("default");
    }
  });

  test("has the parameters that the route is known to have in its query string, and no others", () => {
    for (const { method, path, query = [] } of routes) {
      const { parameters } = description.paths[path][method.toLowerCase()];
      const described = parameters.filter((one: { in: string }) => one.in === "query");

      expect({ path, query: described.map(({ name }: { name: string }) => name).sort() }).toEqual({
        path,
        query: [...query].sort(),
      });
    }
  });

  test("says which right each route needs, of schemes that it describes", () => {
    for (const { method, path } of routes) {
      const { security } = description.paths[path][method.toLowerCase()];
      const right = method === "GET" || /search|aggregate/.test(path) ? "read" : "write";

      expect(security).toContainEqual({ accessToken: [right] });
      for (const name of security.flatMap(Object.keys))
        expect(description.components.securitySchemes).toHaveProperty(name);
    }
  });

  test("says of each route which problems it answers, as a problem each", () => {
    const answersOf = (method: string, path: string) => Object.keys(description.paths[path][method].responses);
    const common = ["400", "401", "403", "404", "413", "415", "429", "500", "503"];

    for (const { method, path } of routes)
      expect(answersOf(method.toLowerCase(), path)).toEqual(expect.arrayContaining(common));
    expect(answersOf("put", "/artifacts/{kind}/{name}")).toEqual(expect.arrayContaining(["406", "409", "412"]));
    expect(answersOf("put", "/{kind}/{name}")).not.toContain("409");
    expect(answersOf("post", "/events")).toEqual(expect.arrayContaining(["406", "422"]));
    expect(answersOf("get", "/events/stream")).not.toContain("406");
    for (const response of Object.values<{ content: object }>(description.components.responses))
      expect(Object.keys(response.content)).toEqual(["application/problem+json"]);
  });

  test("refers only to what it holds", () => {
    const references = [...valuesOf("$ref", description)] as string[];

    expect(references.length).toBeGreaterThan(10);
    for (const reference of references) {
      const found = reference
        .slice(2)
        .split("/")
        .reduce((node, key) => node?.[key], description);
      expect({ reference, found }).toEqual({ reference, found: expect.any(Object) });
    }
    expect([...valuesOf("$defs", description)]).toEqual([]);
  });

  test("says what a request may hold as the schemas do that check it", () => {
    const { DraftEvent, EventQuery } = description.components.schemas;

    expect(DraftEvent.required).toEqual(["tags"]);
    expect(DraftEvent.properties.tags.type).toEqual(["string", "array"]);
    expect(EventQuery.properties.type.type).toEqual(["string", "array"]);
    expect(EventQuery.properties.aggregator.properties.type.enum).toEqual(AGGREGATORS);
  });
});
