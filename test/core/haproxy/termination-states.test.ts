import { describe, expect, test } from "@jest/globals";
import { explainTermination, looksLikeTermination } from "#core/haproxy/termination-states.ts";

// As the letters are listed in the configuration manual's section 8.5.
const CAUSES = [..."CSPLRIDUKcs-"];
const PHASES = [..."RQCHDLT-"];
const REQUEST_COOKIES = [..."NIDVEOU-"];
const RESPONSE_COOKIES = [..."NIUPRD-"];

describe("a termination state", () => {
  test("of every two letters that HAProxy has says what happened, and whose doing it was", () => {
    for (const cause of CAUSES) {
      for (const phase of PHASES) {
        const state = explainTermination(cause + phase);
        expect([cause + phase, state?.says]).toEqual([cause + phase, expect.stringMatching(/^[A-Za-z].{15,}[^.]$/)]);
        expect(state?.letters.map(({ letter }) => letter)).toEqual([cause, phase]);
        expect(state?.cookie).toBeUndefined();
      }
    }
  });

  test("of every four letters says what became of the cookie", () => {
    for (const request of REQUEST_COOKIES) {
      for (const response of RESPONSE_COOKIES) {
        const state = explainTermination(`--${request}${response}`);
        expect([request + response, state?.cookie]).toEqual([
          request + response,
          expect.stringMatching(/^\w.{8,}[^.]$/),
        ]);
      }
    }
  });

  test.each(["CC CD cD CH cH CQ CR cR CT LR SC sC SD sD SH sH sQ PC PD PH PR PT RC --".split(" ")].flat())(
    "%s, which is common, comes with advice",
    (state) => {
      expect(explainTermination(state)?.advice).toMatch(/^[A-Z0-9].{10,}\.$/);
    },
  );

  test.each([
    ["cD--", "client or network"],
    ["CR--", "client"],
    ["SC--", "server or network"],
    ["sH--", "server"],
    ["sQ", "server"],
    ["PR--", "client"],
    ["RC", "gateway"],
    ["KD", "operator"],
    ["DD", "server"],
    ["----", "nobody"],
    ["LR--", "nobody"],
  ])("%s is the doing of: %s", (state, culprit) => {
    expect(explainTermination(state)?.culprit).toBe(culprit);
  });

  test("of an uncommon combination is told by its letters", () => {
    expect(explainTermination("KQ")).toEqual({
      state: "KQ",
      says: "an administrator ended it, while it waited in a queue for a place on a server",
      culprit: "operator",
      letters: [
        { letter: "K", says: "an administrator ended it" },
        { letter: "Q", says: "while it waited in a queue for a place on a server" },
      ],
    });
  });

  test.each(["", "C", "CDN", "XX", "CX", "--X-", "---X", "cDVNN", "dD"])("%j is none", (state) => {
    expect(explainTermination(state)).toBeUndefined();
  });

  test("is meant by two or four letters and dashes", () => {
    expect(["XX", "PX--", "----"].map(looksLikeTermination)).toEqual([true, true, true]);
    expect(["httplog", "%ci", "a", "a.b"].map(looksLikeTermination)).toEqual([false, false, false, false]);
  });
});
