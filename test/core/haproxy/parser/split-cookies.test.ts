import { describe, expect, test } from "@jest/globals";
import { splitCookies } from "#core/haproxy/parser/split-cookies.ts";

describe("two cookies one behind the other", () => {
  test.each([
    ["ID=a b ID=c", " ", ["ID=a b", "ID=c"]],
    ["- ID=c", " ", ["-", "ID=c"]],
    ["ID=a -", " ", ["ID=a", "-"]],
    ["IDa=1 IDb=2", " ", ["IDa=1", "IDb=2"]],
    ["ID=aID=c", "", ["ID=a", "ID=c"]],
  ])("%j, with %j between them, are told apart by their name", (both, separator, cookies) => {
    expect(splitCookies(both, separator, "-")).toEqual(cookies);
  });

  test("come to an end also where nothing stands between them, and no name comes again", () => {
    expect(splitCookies("`!Hello!MJ", "", "-")).toHaveLength(2);
  });
});
