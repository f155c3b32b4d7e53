import { describe, expect, test } from "@jest/globals";
import { splitPath } from "#functions/shared/request.ts";

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
