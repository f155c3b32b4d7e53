import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { readLogFormat } from "#core/haproxy/log-format/read-log-format.ts";
import { toFormatSetting } from "#core/haproxy/logs/known-format-settings.ts";
import { haproxyParser, type KnownFormat } from "#core/haproxy/parser/haproxy-parser.ts";
import { deployedFormats } from "#functions/shared/deployment/deployed-formats.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const read = (content: unknown) => {
  writeFileSync(join(folder.path, "formats.json"), JSON.stringify(content));
  return deployedFormats("formats.json", folder.path);
};

describe("the log-formats that are deployed with a function", () => {
  test("are those that the deployment wrote, and lines are read by them", () => {
    const written: readonly KnownFormat[] = [
      {
        format: readLogFormat("short", "%ci took %Ta to say %ST"),
        frontends: ["web"],
        captures: { request: 1, response: 0 },
      },
      { format: readLogFormat("tiny", "%ft said %ST, and that is all"), frontends: [] },
    ];

    const formats = read(written.map(toFormatSetting));

    expect(formats).toEqual(written);
    const parsed = haproxyParser({ formats })("<134>192.0.2.7 took 12 to say 204", { zone: "UTC", receivedAtMs: 0 });
    expect(parsed).toMatchObject({ record: { format: "short", fields: { ci: "192.0.2.7", Ta: 12, ST: 204 } } });
  });

  test("are none where there is no file of them", () => {
    expect(deployedFormats(undefined, "/nowhere")).toEqual([]);
  });

  test.each([
    ["no list", {}, /^formats.json holds no log-formats: /],
    ["no names or texts", [{ name: "" }, { text: "%ci", tet: 1 }], /0\.name.*0\.text.*1\.name/],
  ])("that are %s keep the function from starting, with all that is wrong", (_, content, says) => {
    expect(() => read(content)).toThrow(says);
  });
});
