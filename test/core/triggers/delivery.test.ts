import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { toEventJson } from "#core/events/event.ts";
import { fromDeliveryText, toDelivery, toDeliveryText, toMessageBody, toWebhookBody } from "#core/triggers/delivery.ts";
import { anyEvent, anyText } from "#test/core/events/arbitraries.ts";
import { aTrigger, WEBHOOK_SECRET } from "#test/support/samples/a-trigger.ts";
import { anEvent } from "#test/support/samples/an-event.ts";

test("comes out of a queue as it went in, its event byte for byte, with nothing secret", () => {
  fc.assert(
    fc.property(anyEvent, anyText, fc.option(anyText, { nil: undefined }), (event, name, reason) => {
      const delivery = { ...toDelivery(aTrigger({ name }), event, 7), ...(reason !== undefined && { reason }) };

      const text = toDeliveryText(delivery);

      expect(fromDeliveryText(text)).toEqual(delivery);
      expect(text).not.toContain(WEBHOOK_SECRET);
    }),
  );
});

test("is told what it is of by its bodies, whatever the names", () => {
  fc.assert(
    fc.property(anyEvent, anyText, (event, name) => {
      const delivery = toDelivery(aTrigger({ name }), event, 7);

      const webhook = toWebhookBody(delivery);
      const message = toMessageBody(delivery);

      expect(webhook).toContain(`"data":${toEventJson(event)}`);
      expect(Object.keys(JSON.parse(webhook))).toEqual(["type", "timestamp", "data"]);
      const headers = { id: delivery.id, namespace: "default", trigger: `triggers/${name}`, hops: 0 };
      expect(JSON.parse(message)).toMatchObject(JSON.parse(JSON.stringify(headers)));
      expect(message).toContain(`"data":${toEventJson(event)}`);
    }),
  );
});

const text = toDeliveryText(toDelivery(aTrigger(), anEvent(), 7));

test.each([
  "",
  "null",
  "[]",
  "{}",
  text.slice(0, -1),
  text.replace('"kind":"triggers"', '"kind":"breeds"'),
  text.replace('"sinceMs":7', '"sinceMs":"7"'),
  text.replace('"id":', '"it":'),
  text.replace('"event":{', '"event":{"hops":-1,"'.slice(0, -1)),
])("refuses what is no delivery: %j", (wrong) => {
  expect(() => fromDeliveryText(wrong)).toThrow(SyntaxError);
});
