import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { signWebhook } from "#core/triggers/sign-webhook.ts";
import { freePort } from "#test/support/http/free-port.ts";
import { WEBHOOK_SECRET } from "#test/support/samples/a-trigger.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";
import { until } from "#test/support/until.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const RECEIVER = /```js\n(.*?)```/s.exec(readFileSync(join(ROOT, "docs", "triggers.md"), "utf8"))?.[1] as string;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let receiver: ChildProcess;
let url: string;
let output = "";

beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}/`;
  folder = await temporaryFolder();
  await symlink(join(ROOT, "node_modules"), join(folder.path, "node_modules"));
  const file = join(folder.path, "receiver.mjs");
  await writeFile(file, RECEIVER.replace("8000", String(port)));
  receiver = spawn(process.execPath, [file], { env: { SECRET: WEBHOOK_SECRET }, stdio: ["ignore", "pipe", "inherit"] });
  receiver.stdout?.on("data", (chunk: Buffer) => {
    output += chunk;
  });
  await until(() => fetch(url).then(Boolean, () => false));
});
afterAll(async () => {
  receiver.kill("SIGKILL");
  await folder.remove();
});

test("the receiver of the documentation takes what Pulse signs, and refuses what somebody else does", async () => {
  const body = '{"type":"event","timestamp":"2026-01-01T00:00:00Z","data":{"id":"one"}}';
  const headers = signWebhook({ id: "one", atMs: Date.now(), body }, [WEBHOOK_SECRET]);

  const taken = await fetch(url, { method: "POST", headers, body });
  const refused = await fetch(url, { method: "POST", headers, body: `${body} ` });

  expect([taken.status, refused.status]).toEqual([204, 401]);
  expect(output).toContain("one");
});
