import assert from "node:assert/strict";
import { BASE_PATH } from "#functions/routes.ts";
import { createEvent, statusOfProblem } from "./check-events.ts";
import type { DeployedPulse } from "./deployed-pulse.ts";
import { eventually } from "./eventually.ts";
import type { Report } from "./report.ts";

interface ArchiveEvent {
  readonly id: string;
  readonly tags: readonly string[];
  readonly value?: string;
}

/** By an artifact. */
export const DECLARED_TYPE = "refunds";

const BREED = '{ "deployable": "shop:1.0" }';
const NEWER_BREED = '{ "deployable": "shop:1.1" }';

/** What is put, changed and deleted, and what the archive tells of it. */
export async function checkArtifacts(pulse: DeployedPulse, report: Report): Promise<void> {
  await report.check(
    "an artifact is put, read byte for byte, replaced and deleted, by Pulse's path and by Vamp's",
    () => keepsArtifact(pulse),
  );
  await report.check("each of its changes has gone through the table's stream, and is one archive event", () =>
    archivesChanges(pulse),
  );
  await report.check("a type that an artifact declares has its fields; what its events cannot bear is refused", () =>
    declaresType(pulse),
  );
}

const CONTENT = { "content-type": "application/json" };

/** Below `/artifacts`. */
export const putArtifact = (pulse: DeployedPulse, path: string, source: object | string): Promise<Response> =>
  pulse.api(`${BASE_PATH}/artifacts/${path}`, {
    method: "PUT",
    headers: CONTENT,
    body: typeof source === "string" ? source : JSON.stringify(source),
  });

export const deleteArtifact = (pulse: DeployedPulse, path: string): Promise<Response> =>
  pulse.api(`${BASE_PATH}/artifacts/${path}`, { method: "DELETE" });

async function keepsArtifact(pulse: DeployedPulse): Promise<void> {
  const path = `${BASE_PATH}/breeds/shop`;
  const created = await putArtifact(pulse, "breeds/shop", BREED);
  const read = await pulse.api(path);
  const replaced = await pulse.api(path, { method: "PUT", headers: CONTENT, body: NEWER_BREED });
  const outdated = await pulse.api(`${BASE_PATH}/artifacts/breeds/shop`, {
    method: "PUT",
    headers: { ...CONTENT, "if-match": '"1"' },
    body: BREED,
  });
  const listed = await pulse.ask<{ name: string; version: number }[]>("/artifacts/breeds");
  const deleted = await deleteArtifact(pulse, "breeds/shop");
  const gone = await pulse.api(path);

  assert.deepEqual([created.status, await read.text()], [201, BREED], await created.text());
  assert.deepEqual([replaced.status, outdated.status, deleted.status], [200, 412, 204]);
  assert.deepEqual(
    listed.map(({ name, version }) => [name, version]),
    [["shop", 2]],
  );
  assert.equal(await statusOfProblem(gone), 404);
}

async function archivesChanges(pulse: DeployedPulse): Promise<void> {
  await eventually(async () => {
    const events = await pulse.ask<ArchiveEvent[]>("/events?type=archive&tag=breeds:shop");
    assert.deepEqual(
      events.map(({ tags, value }) => [tags.find((tag) => /^archive:/.test(tag)), value]),
      [
        ["archive:delete", undefined],
        ["archive:update", NEWER_BREED],
        ["archive:create", BREED],
      ],
    );
  });
}

async function declaresType(pulse: DeployedPulse): Promise<void> {
  const declaration = { period: "month", retentionDays: 90, fields: { currency: "keyword", amount: "double" } };
  const declared = await putArtifact(pulse, `event-types/${DECLARED_TYPE}`, declaration);
  assert.equal(declared.status, 201, await declared.text());
  await createEvent(pulse, { type: DECLARED_TYPE, tags: ["shop"], value: { currency: "EUR", amount: 3.5 } });

  await eventually(async () => {
    const query = new URLSearchParams({ type: DECLARED_TYPE, aggregator: "sum", field: "amount", groupBy: "currency" });
    const answer = await pulse.ask(`/events/aggregate?${query}`);
    assert.deepEqual(answer, { groups: [{ key: "EUR", count: 1, value: 3.5 }] });
  });
  const unbearable = { ...declaration, fields: { ...declaration.fields, amount: "keyword" } };
  const refused = await putArtifact(pulse, `event-types/${DECLARED_TYPE}`, unbearable);
  assert.equal(await statusOfProblem(refused), 409);
}
