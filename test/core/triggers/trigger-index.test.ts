import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Event } from "#core/events/event.ts";
import { everyEvent, matches } from "#core/events/query/event-filter.ts";
import type { Trigger } from "#core/triggers/trigger.ts";
import { indexTriggers } from "#core/triggers/trigger-index.ts";
import { aTrigger } from "#test/support/samples/a-trigger.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

/** What a query with the same words would find. */
const naively = (triggers: readonly Trigger[], event: Event): readonly Trigger[] =>
  triggers.filter(({ namespace, tags, type }) =>
    matches({ ...everyEvent(namespace), tags, types: type === undefined ? [] : [type] }, event),
  );

const someTags = fc.array(fc.constantFrom("a", "b", "c", "a:1", "a:2", "__proto__", "constructor"), { maxLength: 4 });
const someType = fc.constantFrom("event", "Event", "health", "haproxy", "HAProxy", "__proto__");
const someNamespace = fc.constantFrom("default", "team-a");

const someTrigger = fc
  .record({ namespace: someNamespace, tags: someTags, type: fc.option(someType, { nil: undefined }) })
  .filter(({ tags, type }) => tags.length > 0 || type !== undefined)
  .map(({ namespace, tags, type }) => aTrigger({ namespace, tags, ...(type !== undefined && { type }) }));

const someEvent = fc
  .record({ namespace: someNamespace, tags: someTags, type: someType })
  .map(({ tags, ...given }) => anEvent({ ...given, tags: [...new Set(tags)] }));

test("finds the triggers that a query with the same words would find the event for, each once", () => {
  fc.assert(
    fc.property(fc.array(someTrigger, { maxLength: 20 }), someEvent, (triggers, event) => {
      const named = triggers.map((trigger, index) => ({ ...trigger, name: `t${index}` }));

      const found = indexTriggers(named).match(event);

      const names = (some: readonly Trigger[]) => some.map(({ name }) => name).sort();
      expect(names(found)).toEqual(names(naively(named, event)));
    }),
    { numRuns: 2000 },
  );
});

test("does not look at triggers that share only a common tag with the event", () => {
  let looks = 0;
  const tags = (service: string): readonly string[] =>
    new Proxy(["services", service], {
      get(target, key, receiver) {
        if (key === Symbol.iterator) looks++;
        return Reflect.get(target, key, receiver);
      },
    });
  const triggers = Array.from({ length: 1000 }, (_, index) =>
    aTrigger({ name: `${index}`, tags: tags(`services:${index}`) }),
  );
  const index = indexTriggers(triggers);
  looks = 0;

  const found = index.match(anEvent({ tags: ["services", "services:7"] }));

  expect(found.map(({ name }) => name)).toEqual(["7"]);
  expect(looks).toBe(1);
});
