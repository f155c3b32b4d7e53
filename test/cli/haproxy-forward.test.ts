import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { bundleForwarder } from "#lib/bundle-forwarder.ts";
import { type LogReceiver, linesOf, openLogReceiver } from "#test/agent/log-receiver.ts";
import { freePort } from "#test/support/http/free-port.ts";
import { runPulse } from "#test/support/run-pulse.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";
import { until } from "#test/support/until.ts";

const LAUNCH = join(import.meta.dirname, "..", "..", "cli", "launch.js");

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let receiver: LogReceiver;
beforeEach(async () => {
  folder = await temporaryFolder();
  receiver = await openLogReceiver();
});
afterEach(async () => {
  await receiver.close();
  await folder.remove();
});

const forward = (...args: string[]) => runPulse(["haproxy", "forward", ...args]);

describe("pulse haproxy forward", () => {
  test("explains itself", async () => {
    const { code, stdout } = await forward("--help");

    expect(code).toBe(0);
    expect(stdout).toContain("Examples: pulse haproxy forward --udp 127.0.0.1:5514");
  });

  test("as one file says which Node it needs", async () => {
    const file = join(folder.path, "pulse-forward.mjs");
    await bundleForwarder(file);
    const older = "Object.defineProperty(process,'versions',{value:{...process.versions,node:'22.1.0'}})";

    const { status, stderr } = spawnSync(process.execPath, ["--import", `data:text/javascript,${older}`, file], {
      encoding: "utf8",
    });

    expect([status, stderr]).toEqual([1, `pulse: needs Node 24 or newer, this is 22.1.0 (${process.execPath})\n`]);
  });

  test("names all that is wrong with a call, and ends with 2", async () => {
    const { code, stderr } = await forward("--udp", "5514", "--zone", "Mars", "--spool-mib", "many");

    expect(code).toBe(2);
    for (const fault of [
      "zone must be a time zone",
      "udp/0 must be an address",
      "spoolMib must be a whole number",
      "to is missing",
    ])
      expect(stderr).toContain(fault);
  });

  test("says without a stack which address it cannot have", async () => {
    const { port } = new URL(receiver.url);
    const spool = join(folder.path, "spool");

    const { code, stderr } = await forward("--tcp", `127.0.0.1:${port}`, "--to", receiver.url, "--spool", spool);

    expect(code).toBe(1);
    expect(stderr).toContain(`pulse: cannot listen on 127.0.0.1:${port}/tcp: it is taken\n`);
  });

  test("sends no credentials of the environment over a network in the clear", async () => {
    const args = ["--udp", "127.0.0.1:0", "--to", "http://pulse.example", "--spool", join(folder.path, "spool")];

    const { code, stderr } = await runPulse(["haproxy", "forward", ...args], {
      environment: { PULSE_AUTHORIZATION: "token secret" },
    });

    expect(code).toBe(2);
    expect(stderr).toContain("what PULSE_AUTHORIZATION says goes over https only, or to this machine");
    expect(stderr).not.toContain("secret");
  });
});

describe("pulse haproxy forward, while it runs", () => {
  let agent: ChildProcess;
  let said = "";
  afterEach(async () => {
    if (agent.exitCode !== null) return;
    agent.kill("SIGKILL");
    await once(agent, "exit");
  });

  test("reads its file again when it is told to, and leaves all as it was when that is wrong", async () => {
    const [one, other] = [await freePort(), await freePort()];
    const config = join(folder.path, "forward.json");
    const write = (settings: object): void => writeFileSync(config, JSON.stringify(settings));
    const settings = {
      to: receiver.url,
      spool: join(folder.path, "spool"),
      status: "off",
      zone: "UTC",
      source: "edge-1",
    };
    write({ ...settings, tcp: [`127.0.0.1:${one}`] });
    agent = spawn(process.execPath, [LAUNCH, "haproxy", "forward", "--config", config], {
      env: { PATH: process.env.PATH, PULSE_AUTHORIZATION: "token secret" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    agent.stderr?.on("data", (chunk) => {
      said += chunk;
    });
    await until(
      () => said.includes("the agent takes lines"),
      () => said,
    );

    write({ ...settings, tcp: ["nowhere"] });
    agent.kill("SIGHUP");
    await until(
      () => said.includes("the settings are left as they were"),
      () => said,
    );
    connect(one, "127.0.0.1").end("<134>a\n");
    await until(() => receiver.records.size === 1);
    write({ ...settings, tcp: [`127.0.0.1:${other}`] });
    agent.kill("SIGHUP");
    await until(
      () => said.includes("the settings were read again"),
      () => said,
    );
    connect(other, "127.0.0.1").end("<134>b\n");
    await until(() => receiver.records.size === 2);
    agent.kill("SIGTERM");
    const [code] = await once(agent, "exit");

    expect(code).toBe(0);
    expect(linesOf(receiver.records.values())).toEqual(["<134>a", "<134>b"]);
    expect(receiver.requests.map(({ headers }) => headers.authorization)).toContain("token secret");
    expect(said).not.toContain("secret");
  });
});
