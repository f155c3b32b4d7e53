import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "@jest/globals";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

const LAUNCH = join(import.meta.dirname, "..", "..", "cli", "launch.js");

const TCPLOG = "192.0.2.7:40001 [22/Nov/2026:01:22:46.321] db app/a1 0/0/5 77 -- 1/1/0/0/0 0/0";
const HEADER = "<134>Nov 22 01:22:46 gw-1 haproxy[71]: ";

interface Ran {
  readonly code: number | null;
  readonly answers: readonly Record<string, unknown>[];
  readonly stderr: string;
}

async function run(args: readonly string[], input: string | Uint8Array): Promise<Ran> {
  const child = spawn(process.execPath, [LAUNCH, "haproxy", "parse", ...args]);
  const exit = once(child, "exit");
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  const lines = stdout.split("\n").slice(0, -1);
  return { code, answers: lines.map((line) => JSON.parse(line) as Record<string, unknown>), stderr };
}

describe("pulse haproxy parse", () => {
  test("answers each line in order with its record, or with the reason and the line", async () => {
    const { code, answers, stderr } = await run(["--timezone", "+01:00"], `${HEADER}${TCPLOG}\n\nnonsense\n${TCPLOG}`);

    expect(answers).toEqual([
      {
        record: {
          format: "tcplog",
          syslog: {
            pri: 134,
            facility: 16,
            severity: 6,
            timestamp: "Nov 22 01:22:46",
            hostname: "gw-1",
            tag: "haproxy",
            pid: 71,
          },
          message: TCPLOG,
          truncated: false,
          fields: {
            ci: "192.0.2.7",
            cp: 40001,
            t: "22/Nov/2026:01:22:46.321",
            ft: "db",
            b: "app",
            s: "a1",
            Tw: 0,
            Tc: 0,
            Tt: 5,
            B: 77,
            ts: "--",
            ac: 1,
            fc: 1,
            bc: 0,
            sc: 0,
            rc: 0,
            sq: 0,
            bq: 0,
          },
          time_ms: Date.parse("2026-11-22T00:22:46.321Z"),
          frontend: "db",
          tls: false,
        },
      },
      { rejected: { reason: "empty", line: "" } },
      { rejected: { reason: "unknown-format", line: "nonsense" } },
      { record: expect.objectContaining({ format: "tcplog", syslog: {} }) },
    ]);
    expect(code).toBe(1);
    expect(stderr).toBe("4 lines\n  2 records: tcplog 2\n  2 rejected: empty 1, unknown-format 1\n");
  });

  test("says that it took times for UTC when nothing says their zone", async () => {
    const { code, stderr } = await run([], `${TCPLOG}\n`);

    expect(code).toBe(0);
    expect(stderr).toContain("Times were read as UTC");
  });

  test("reads whole datagrams from Base64, whatever bytes they hold", async () => {
    const datagrams = [Buffer.from(`${HEADER}${TCPLOG}\n`), Buffer.from([0xff, 0x0a, 0x41])];

    const { answers } = await run(["--base64"], datagrams.map((bytes) => `${bytes.toString("base64")}\n`).join(""));

    expect(answers).toEqual([
      { record: expect.objectContaining({ format: "tcplog", message: TCPLOG }) },
      { rejected: { reason: "unknown-format", line: { b64: "/wpB" } } },
    ]);
  });

  test("reads the formats that it is given, and those of a configuration", async () => {
    const folder = await temporaryFolder();
    const config = join(folder.path, "haproxy.cfg");
    writeFileSync(
      config,
      'frontend web\n  mode http\n  bind :80\n  log-format "%ci asked %{+Q}HU"\n  log stdout format raw daemon\n',
    );

    const { answers } = await run(["--config", config, "--format", "%b->%s %Tt"], '192.0.2.7 asked "/a"\napp->a1 12\n');
    await folder.remove();

    expect(answers).toEqual([
      { record: expect.objectContaining({ fields: { ci: "192.0.2.7", HU: "/a" }, decoded: { uri: "/a" } }) },
      { record: expect.objectContaining({ format: "custom", fields: { b: "app", s: "a1", Tt: 12 } }) },
    ]);
  });

  test.each([
    [["--timezone", "Mars"], '--timezone takes an IANA name, an offset or UTC, not "Mars"'],
    [["--format", "%ci %nonsense"], "--format: "],
    [["--nonsense"], "--nonsense"],
  ])("%j is refused, with what is wrong", async (args, fault) => {
    const { code, stderr } = await run(args, "");

    expect(code).toBe(2);
    expect(stderr).toContain(fault);
  });

  test("tells of much no more than of little", async () => {
    const { answers, stderr } = await run(["--timezone", "UTC"], `${TCPLOG}\n`.repeat(20_000));

    expect(answers).toHaveLength(20_000);
    expect(stderr).toBe("20,000 lines\n  20,000 records: tcplog 20,000\n  0 rejected\n");
  });

  test("ends quietly when its reader has read enough", async () => {
    const child = spawn(process.execPath, [LAUNCH, "haproxy", "parse"]);
    const exit = once(child, "exit");
    const stderr = text(child.stderr);
    child.stdin.on("error", () => undefined);
    child.stdout.once("data", () => child.stdout.destroy());
    const feeding = setInterval(() => child.stdin.write(`${TCPLOG}\n`.repeat(2000)), 5);

    const [code] = await exit;
    clearInterval(feeding);

    expect(code).toBe(0);
    expect(await stderr).not.toContain("EPIPE");
  });

  test("a line that is longer than any is cut, rejected, and costs no other", async () => {
    const { answers } = await run([], `${"x".repeat(3_000_000)}\n${TCPLOG}\n`);

    expect(answers).toEqual([
      { rejected: { reason: "cut-on-the-way", line: "x".repeat(1024 * 1024) } },
      { record: expect.objectContaining({ format: "tcplog" }) },
    ]);
  });
});
