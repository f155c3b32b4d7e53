import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { tagOf } from "#core/artifacts/archive-event.ts";
import { ARTIFACT_KINDS } from "#core/artifacts/artifact.ts";
import { faultOfName, MAX_NAME_CHARACTERS, requireKind, requireName } from "#core/artifacts/artifact-name.ts";
import { artifactKeyOf } from "#functions/shared/http/asked-artifact.ts";
import { toApiRequest } from "#functions/shared/http/request.ts";

const aName = fc
  .string({ unit: "binary", minLength: 1, maxLength: MAX_NAME_CHARACTERS })
  .filter((name) => faultOfName(name) === undefined);

/** The name in a request of that path segment, as API Gateway sends it. */
const nameIn = (segment: string): string =>
  artifactKeyOf(
    toApiRequest({
      httpMethod: "GET",
      path: `/api/v1/artifacts/breeds/${segment}`,
      resource: "/api/v1/artifacts/{kind}/{name}",
      pathParameters: { kind: "breeds", name: segment },
      headers: {},
      body: null,
      isBase64Encoded: false,
      requestContext: { requestId: "test" },
      // biome-ignore lint/suspicious/noExplicitAny: the rest of the message is not looked at
    } as any),
  ).name;

describe("the name of an artifact", () => {
  test("comes back from the segment of a path that it is written as", () => {
    fc.assert(fc.property(aName, (name) => nameIn(encodeURIComponent(name)) === name));
  });

  test("of any segment is a good one, or refused as a fault of it, and writes the same path again", () => {
    const segment = fc.oneof(
      fc.webSegment(),
      fc
        .array(fc.constantFrom("%", "2", "F", "e", ".", "%2F", "%c3", "%28", "a", "+"), { minLength: 1 })
        .map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(segment, (sent) => {
        let name: string;
        try {
          name = nameIn(sent);
        } catch (error) {
          expect(error).toMatchObject({ kind: "invalid-input", faults: [{ pointer: "name" }] });
          return;
        }
        expect(decodeURIComponent(encodeURIComponent(name))).toBe(decodeURIComponent(sent));
      }),
      { numRuns: 500 },
    );
  });

  test("always fits into a tag", () => {
    fc.assert(
      fc.property(aName, fc.constantFrom(...ARTIFACT_KINDS), (name, kind) => tagOf({ kind, name }).length <= 512),
    );
  });

  test.each([
    ["", /empty/],
    [".", /a path would lose/],
    ["..", /a path would lose/],
    ["a\u0000b", /control/],
    ["\u007f", /control/],
    ["\u0085", /control/],
    ["\ud800", /surrogate/],
    ["x".repeat(MAX_NAME_CHARACTERS + 1), /longer than 200/],
  ])("%j is refused", (name, fault) => {
    expect(faultOfName(name)).toMatch(fault);
    expect(() => requireName(name)).toThrow(fault);
  });

  test.each(["...", " ", "/", "a/../b", "_all", "*", "ключ", "🐘", "__proto__", "{name}", "%2F"])(
    "%j is taken",
    (name) => {
      expect(requireName(name)).toBe(name);
    },
  );
});

describe("the kind of an artifact", () => {
  test.each(["", "breed", "BREEDS", "events", "toString", "__proto__"])("%j is unknown", (kind) => {
    expect(() => requireKind(kind)).toThrow(expect.objectContaining({ kind: "not-found" }));
  });
});
