import { describe, expect, test } from "@jest/globals";
import type { APIGatewayProxyEvent } from "aws-lambda";
import { splitPath, toApiRequest } from "#functions/shared/http/request.ts";

describe("the path of a request", () => {
  test.each([
    ["/api/v1/events", "default", "/events"],
    ["/api/v1/events//", "default", "/events"],
    ["/team-a/api/v1/events/", "team-a", "/events"],
    ["/team-a/api/v1", "team-a", "/"],
    ["/elsewhere/", "default", "/elsewhere"],
    ["/", "default", "/"],
  ])("%s is of the namespace %s and under the base %s", (path, namespace, under) => {
    expect(splitPath(path)).toEqual({ namespace, path: under });
  });

  test("takes time in proportion to its length, slashes within it too", () => {
    const slashes = "/".repeat(100_000);
    const startedMs = performance.now();

    expect(splitPath(`/api/v1${slashes}x${slashes}`).path).toBe(`${slashes}x`);
    expect(performance.now() - startedMs).toBeLessThan(1000);
  });
});

describe("the namespace of a request", () => {
  const message = (path: string, namespace?: string) =>
    ({
      httpMethod: "GET",
      path,
      resource: namespace === undefined ? "/api/v1/events" : "/{namespace}/api/v1/events",
      pathParameters: namespace === undefined ? null : { namespace },
      requestContext: { requestId: "a-request" },
    }) as unknown as APIGatewayProxyEvent;

  test.each([
    ["/api/v1/events", undefined, "default"],
    ["/team-a/api/v1/events", "team-a", "team-a"],
    ["/team-a/api/v1/events", undefined, "default"],
    ["/team-b/team-a/api/v1/events", "team-a", "team-a"],
  ])("for %s, matched with the namespace %s, is %s: a domain may have put a segment before it", (path, named, is) => {
    expect(toApiRequest(message(path, named)).namespace).toBe(is);
  });
});
