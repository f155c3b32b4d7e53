import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { type ServedPulse, servePulse } from "#dev/served-pulse.ts";
import type { SavedObject } from "#stores/opensearch/dashboards/saved-object.ts";
import { openSavedObjectsApi } from "#stores/opensearch/dashboards/saved-objects-api.ts";
import { openSavedObjectsServer } from "#test/support/opensearch/saved-objects-server.ts";
import { runPulse } from "#test/support/run-pulse.ts";
import { httplogLine } from "#test/support/samples/log-records.ts";
import { temporaryFolder } from "#test/support/temporary-folder.ts";

jest.setTimeout(60_000);

const objectsIn = (ndjson: string): SavedObject[] =>
  ndjson
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as SavedObject);
const titlesIn = (ndjson: string): unknown[] =>
  objectsIn(ndjson)
    .filter(({ type }) => type === "dashboard")
    .map(({ attributes }) => attributes.title);

describe("pulse dashboards export", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let pulse: ServedPulse;

  beforeAll(async () => {
    folder = await temporaryFolder();
    pulse = await servePulse(["--port", "0", "--syslog", "0", "--data", join(folder.path, "data")]);
  });
  afterAll(async () => {
    await pulse.stop();
    await folder.remove();
  });

  test("makes what OpenSearch Dashboards imports, of the gateways that are named, and asks nobody", async () => {
    const file = join(folder.path, "pulse.ndjson");
    const { code, stdout } = await runPulse([
      "dashboards",
      "export",
      "--gateway",
      "web",
      "--gateway",
      "sava/web/9050",
      "--deployment",
      "sava",
      "--out",
      file,
    ]);
    const written = readFileSync(file, "utf8");

    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(titlesIn(written)).toEqual(["Pulse", "gateway: sava/web/9050", "gateway: web", "deployment: sava"]);
    const server = await openSavedObjectsServer();
    const api = await openSavedObjectsApi({ url: server.url, auth: "none" });
    await api.put(objectsIn(written));
    expect(server.objects.size).toBe(objectsIn(written).length);
    await api.close();
    await server.close();
  });

  test("asks an API for gateways and deployments otherwise, those that events name and those that are declared", async () => {
    const post = async (path: string, type: string, body: string) => {
      const sent = await fetch(`${pulse.url}/api/v1${path}`, {
        method: "POST",
        headers: { "content-type": type },
        body,
      });
      expect(sent.ok).toBe(true);
    };
    await post("/haproxy/logs", "text/plain", `${httplogLine()}\n`);
    await post("/events", "application/json", '{"tags":["deployments:sava"],"type":"health","value":1}');

    const put = await fetch(`${pulse.url}/api/v1/artifacts/gateways/declared`, {
      method: "PUT",
      headers: { "content-type": "application/yaml" },
      body: "lookup_name: web",
    });
    expect(put.status).toBe(201);

    const { code, stdout } = await runPulse(["dashboards", "export", "--url", pulse.url]);

    expect(code).toBe(0);
    expect(titlesIn(stdout)).toEqual(["Pulse", "gateway: declared", "deployment: sava"]);
    expect(stdout).toContain("gateways:web");
  });

  test("makes a dashboard for Grafana", async () => {
    const { stdout } = await runPulse(["dashboards", "export", "--grafana", "--namespace", "team-a"]);

    expect(JSON.parse(stdout)).toMatchObject({ title: "Pulse [team-a]", panels: expect.any(Array) });
  });

  test("names all that is wrong with a call", async () => {
    const wrong = ["--gateway", "", "--grafana", "--url", "x", "--namespace", "A b"];
    const { code, stderr, stdout } = await runPulse(["dashboards", "export", ...wrong]);

    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    for (const fault of ["a name is missing", "--grafana takes no names", "--url asks", "--namespace takes"])
      expect(stderr).toContain(fault);
  });

  test("says in a line that an API cannot be reached", async () => {
    const { code, stderr } = await runPulse(["dashboards", "export", "--url", "http://127.0.0.1:1"]);

    expect(code).toBe(1);
    expect(stderr).toMatch(/^pulse: http:\/\/127\.0\.0\.1:1\/api\/v1 cannot be reached: .*\n$/);
  });

  test("has help with an example", async () => {
    const { code, stdout } = await runPulse(["dashboards", "export", "--help"]);

    expect(code).toBe(0);
    expect(stdout).toContain("Example: pulse dashboards export");
  });
});
