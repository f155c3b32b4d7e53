import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ArtifactStore } from "#core/artifacts/artifact-store.ts";
import { declaringTypes } from "#core/artifacts/type-declaring-store.ts";
import { PulseError } from "#core/errors.ts";
import type { TypeRegister } from "#core/events/types/type-register.ts";
import { openLocalJournal } from "#journals/local/local-event-journal.ts";
import { type EmbeddedDatabase, openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedArtifactStore } from "#stores/embedded/embedded-artifact-store.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

const KEY = { namespace: "default", kind: "event-types", name: "orders" } as const;
const change = (fields: Readonly<Record<string, string>>, retentionDays = 30) => ({
  ...KEY,
  content: { source: JSON.stringify({ period: "month", retentionDays, fields }), format: "json" as const },
  when: {},
  atMs: 1,
});

describe("artifacts that declare types", () => {
  let database: EmbeddedDatabase;
  let events: EmbeddedEventStore;
  let artifacts: ArtifactStore;

  beforeEach(() => {
    database = openDatabase(":memory:");
    events = new EmbeddedEventStore({ database });
    artifacts = new EmbeddedArtifactStore({ database, journal: openLocalJournal({ database }) });
  });
  afterEach(() => database.close());

  const inForce = async () => (await events.standing("orders")).inForce;
  const kept = async () => JSON.parse((await artifacts.find(KEY))?.source ?? "null");

  test("are put in force by a repeated change, where the first could not", async () => {
    let isDown = true;
    const register: TypeRegister = {
      standing: (type) => events.standing(type),
      declare: async (declaration, version) => {
        if (isDown) throw new PulseError("unavailable", "down");
        await events.declare(declaration, version);
      },
    };
    const declaring = declaringTypes(artifacts, async () => register);

    await expect(declaring.change(change({ amount: "double" }))).rejects.toMatchObject({ kind: "unavailable" });
    expect(await inForce()).toBeUndefined();
    isDown = false;
    const again = await declaring.change(change({ amount: "double" }));

    expect(again).toMatchObject({ outcome: "unchanged", artifact: { version: 1 } });
    expect(await inForce()).toMatchObject({ fields: { amount: "double" } });
  });

  test("are compared with what was declared last, though it is not in force yet", async () => {
    await events.keep([{ event: anEvent({ type: "orders" }) }]);
    await artifacts.change(change({ amount: "double" }));
    const declaring = declaringTypes(artifacts, async () => events);

    await expect(declaring.change(change({ amount: "long" }))).rejects.toMatchObject({ kind: "conflict" });

    expect(await kept()).toMatchObject({ fields: { amount: "double" } });
  });

  test("are compared again where somebody else was quicker", async () => {
    await events.keep([{ event: anEvent({ type: "orders" }) }]);
    let quicker: (() => Promise<unknown>) | undefined = () => artifacts.change(change({ amount: "double" }));
    const raced: ArtifactStore = {
      ...declaringTypes(artifacts, async () => events),
      find: (key) => artifacts.find(key),
      change: async (wanted) => {
        await quicker?.();
        quicker = undefined;
        return artifacts.change(wanted);
      },
    };
    const declaring = declaringTypes(raced, async () => events);

    await expect(declaring.change(change({ currency: "keyword" }))).rejects.toMatchObject({ kind: "conflict" });

    expect(await kept()).toMatchObject({ fields: { amount: "double" } });
  });

  test("of other kinds need no register", async () => {
    const declaring = declaringTypes(artifacts, () => Promise.reject(new Error("opened")));

    const changed = await declaring.change({ ...change({}), kind: "breeds" });

    expect(changed.outcome).toBe("created");
  });
});
