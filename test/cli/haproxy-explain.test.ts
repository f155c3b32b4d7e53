import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { runPulse } from "#test/support/run-pulse.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

jest.setTimeout(30_000);

const explain = (...args: string[]) => runPulse(["haproxy", "explain", ...args]);

describe("pulse haproxy explain", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  const configured = async (text: string): Promise<string> => {
    const path = join(folder.path, "haproxy.cfg");
    await writeFile(path, text);
    return path;
  };

  test("explains itself, and is listed", async () => {
    expect(await explain("--help")).toMatchObject({ code: 0, stdout: expect.stringContaining("Examples:") });
    expect(await runPulse(["haproxy"])).toMatchObject({ code: 0, stdout: expect.stringContaining("haproxy explain") });
    expect(await runPulse(["--help"])).toMatchObject({ code: 0, stdout: expect.stringContaining("pulse haproxy") });
  });

  test("says of a folder, and of a configuration that logs nothing, what they are", async () => {
    const silent = await configured("backend app\n  server a 127.0.0.1:80\n");

    expect(await explain(folder.path)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`"${folder.path}" is a folder: name one of its files`),
    });
    expect(await explain(silent)).toMatchObject({ code: 0, stdout: `${silent} has no section that logs\n` });
    expect(await explain("")).toMatchObject({ code: 2, stderr: expect.stringContaining('"" is no log-format') });
  });

  test("says what happened in a session, and whose fault it was", async () => {
    const { code, stdout, stderr } = await explain("sHVN");

    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^sHVN: timeout server .*\(cause: server\)\n/);
    expect(stdout).toContain("cookie: the visitor came back");
  });

  test.each(["--", "----", "--VN", "-R"])("takes the state %s for no option", async (state) => {
    expect(await explain(state)).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`^${state}: `)) });
  });

  test("shows the fields of a log-format, and where it is ambiguous", async () => {
    const { code, stdout } = await explain("%ci:%cp %CC %[capture.req.hdr(0),lower]");

    expect(code).toBe(0);
    expect(stdout.split("\n")).toEqual([
      expect.stringMatching(/^log-format: %ci/),
      "",
      expect.stringMatching(/^ {2}%ci +ci +keyword +the client's address$/),
      expect.stringMatching(/^ {2}%cp +cp +integer +/),
      expect.stringMatching(/^ {2}%CC +CC +keyword +/),
      expect.stringMatching(/^ {2}%\[capture.req.hdr\(0\),lower\] +capture.req.hdr\(0\) +keyword +/),
      "",
      expect.stringMatching(/^ {2}ambiguous at offset 12: /),
      "",
    ]);
  });

  test("takes a format by its name, or with the line that it stands on", async () => {
    expect(await explain("tcplog")).toMatchObject({ code: 0, stdout: expect.stringContaining("%Tw") });
    expect(await explain('log-format "%ci\\ %cp"')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/: %ci %cp\n/),
    });
  });

  test("gives programs the schema and the fields to index", async () => {
    const { stdout } = await explain("%ST %[capture.req.hdr(0)]", "--json");

    expect(JSON.parse(stdout)).toMatchObject({
      shape: "text",
      fields: [{ name: "ST" }, { name: "capture.req.hdr(0)" }],
      ambiguities: [],
      schema: { type: "object", required: ["ST", "capture.req.hdr(0)"] },
      indexFields: { ST: "integer", capture_req_hdr_0: "keyword" },
    });
  });

  test("points at what is wrong with a format", async () => {
    expect(await explain("%ci %foo")).toEqual({
      code: 1,
      stdout: "",
      stderr: "pulse: HAProxy has no %foo, at offset 5:\n  %ci %foo\n       ^\n",
    });
  });

  test("goes through a haproxy.cfg: who logs what, and each format once", async () => {
    const path = await configured(`
defaults
  mode http
  option httplog
  log 127.0.0.1:514 local0
frontend a
  capture request header Host len 20
frontend quiet
  no log
`);

    const { code, stdout, stderr } = await explain(path);

    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /^frontend a, line 6, mode http: httplog, for failed connections connerror, to 127.0.0.1:514\n/,
    );
    expect(stdout).toContain("frontend quiet, line 8, mode http: writes no logs\n");
    expect(stdout.match(/^httplog: /gm)).toHaveLength(1);
  });

  test("names the lines of a haproxy.cfg that it cannot read, and shows the rest", async () => {
    const path = await configured(
      'frontend a\n  mode http\n  log-format "%ci\n  log-format "%foo"\n  log-format "%cp"\n',
    );

    const { code, stdout, stderr } = await explain(path);

    expect(code).toBe(1);
    expect(stderr).toContain(`${path}:3: The quote is not closed`);
    expect(stdout).toContain("custom: %cp");
  });

  test("gives programs the whole of a haproxy.cfg", async () => {
    const path = await configured('frontend a\n  mode http\n  log-format "%ci %foo"\n  error-log-format "%ci"\n');

    const { code, stdout } = await explain(path, "--json");

    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      proxies: [{ name: "a", formats: [], errorFormats: ["error-log-format"] }],
      formats: [{ use: "error", by: ["a"], indexFields: { ci: "keyword" } }],
      faults: [{ line: 3, level: "error" }],
    });
  });

  test("refuses what is nothing of all that, and says where help is", async () => {
    expect(await explain("nothing")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/"nothing" is no .*--help/),
    });
    expect(await explain()).toMatchObject({ code: 2, stderr: expect.stringContaining("--help") });
    expect(await explain("%ci", "%cp")).toMatchObject({ code: 2, stderr: expect.stringContaining("quote") });
    expect(await explain("--colour")).toMatchObject({ code: 2, stderr: expect.stringContaining("--colour") });
    expect(await explain("PX--")).toMatchObject({
      code: 1,
      stderr: 'pulse: HAProxy has no termination state "PX--"\n',
    });
    expect(await runPulse(["haproxy", "nothing"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("haproxy nothing"),
    });
  });
});
