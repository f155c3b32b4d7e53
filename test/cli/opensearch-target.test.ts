import { describe, expect, test } from "@jest/globals";
import { openSearchTarget, shownAddress } from "#cli/opensearch-target.ts";

describe("the OpenSearch that a command is told", () => {
  test("is asked with the password in its address, and shown without", () => {
    const target = openSearchTarget({ opensearch: "https://admin:secret@search.example:9200/path" }, []);

    expect(target?.url).toContain("admin:secret@");
    expect(target && shownAddress(target)).toBe("https://search.example:9200/path");
  });

  test.each([
    ["https://search-pulse-abc.eu-central-1.es.amazonaws.com", "sigv4"],
    ["http://127.0.0.1:9200", "none"],
  ])("of %s is asked with auth %s unless it is said otherwise", (opensearch, auth) => {
    expect(openSearchTarget({ opensearch }, [])).toMatchObject({ auth });
    expect(openSearchTarget({ opensearch, auth: "none" }, [])).toMatchObject({ auth: "none" });
  });
});
