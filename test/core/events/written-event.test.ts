import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { Page } from "#core/byte-page.ts";
import { EventPages } from "#core/events/written-event.ts";

const ID = "018f2b5e-4b5c-8d7e-8000-00000000012c";
const TIMESTAMP = "2026-01-31T10:00:00.250Z";
const unwritten = {
  namespace: "default",
  type: "haproxy",
  tags: ["gateways:web"],
  timestampMs: Date.parse(TIMESTAMP),
  receivedAtMs: 7,
};

test("a written event says what was written, whatever is written after it, and however long its value is", () => {
  // Pages are of 128 KiB.
  const value = fc.string({ unit: "binary" }).chain((text) => fc.constantFrom(1, 40, 4000).map((n) => text.repeat(n)));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 20 }), (values) => {
      const pages = new EventPages();
      const page = new Page(1_000_000);
      const events = values.map((text, index) => {
        const at = index;
        const end = at + page.bytes.write(`${ID}${TIMESTAMP}${JSON.stringify(text)}`, at, "utf8");
        return pages.take(unwritten, page, at, end);
      });

      events.forEach((event, index) => {
        expect(event.toJSON()).toEqual({
          ...unwritten,
          id: ID,
          timestamp: TIMESTAMP,
          value: JSON.stringify(values[index]),
        });
      });
    }),
    { numRuns: 30 },
  );
});
