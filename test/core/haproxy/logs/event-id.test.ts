import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { archiveEventId } from "#core/artifacts/archive-event.ts";
import { eventIdOf } from "#core/haproxy/logs/event-id.ts";
import { lineId, newIncarnation, receiptId } from "#core/haproxy/logs/log-record.ts";
import { isUuid, uuidV7, uuidV8 } from "#core/uuid.ts";

const incarnation = fc.stringMatching(/^[0-9a-f]{16}$/);
const sequence = fc.nat({ max: 999_999_999_999_999 });

describe("the id of a record's event", () => {
  test("is a UUIDv8, whatever the record's id, and the same each time", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.stringMatching(/^[\w.:+-]{1,100}$/), fc.tuple(incarnation, sequence).map(toLineId)),
        (id) => {
          const eventId = eventIdOf(id);

          expect(isUuid(eventId)).toBe(true);
          expect(eventId).toMatch(/^.{14}8.{4}[89ab]/);
          expect(eventIdOf(id)).toBe(eventId);
        },
      ),
    );
  });

  test("is the record's own where that is a UUID", () => {
    const id = uuidV7(Date.UTC(2026, 10, 22));

    expect(eventIdOf(id)).toBe(id);
  });

  test("is never that of what Pulse itself makes an event of, which anybody can foretell", () => {
    const foretold = archiveEventId({ namespace: "default", kind: "gateways", name: "shop" }, 1);

    expect(eventIdOf(foretold)).not.toBe(foretold);
    fc.assert(
      fc.property(
        incarnation,
        sequence,
        fc.boolean(),
        fc.bigInt({ min: 0n, max: 2n ** 122n - 1n }),
        (spool, n, r, bits) => {
          const ids = [uuidV8(bits), uuidV8((BigInt(`0x${spool}`) << 58n) | (r ? 1n << 57n : 0n) | BigInt(n))];

          expect(ids).not.toContain(eventIdOf(r ? receiptId(spool, n) : lineId(spool, n)));
        },
      ),
    );
  });

  test("sorts as an agent's lines came, and no two of them share one", () => {
    fc.assert(
      fc.property(incarnation, sequence, sequence, (spool, one, other) => {
        const ids = [one, other].map((number) => eventIdOf(lineId(spool, number)));

        expect(Math.sign((ids[0] as string).localeCompare(ids[1] as string, "en"))).toBe(Math.sign(one - other));
      }),
    );
  });

  test("differs from spool to spool, and between a line and a receipt of the same number", () => {
    const [one, other] = ["0123456789abcdef", "0123456789abcdee"];
    const ids = [one, other].flatMap((spool) => [
      lineId(spool, 1),
      receiptId(spool, 1),
      lineId(spool, 999_999_999_999_999),
    ]);

    expect(new Set(ids.map(eventIdOf)).size).toBe(ids.length);
    expect(eventIdOf(lineId(one, 1))).toBe("01234567-89ab-8cde-bc00-000000000001");
    expect(eventIdOf("order 66 of edge-1".replaceAll(" ", "."))).not.toBe(eventIdOf("order.67.of.edge-1"));
  });

  test("is no other's over many spools", () => {
    const ids = Array.from({ length: 1000 }, () => eventIdOf(lineId(newIncarnation(), 7)));

    expect(new Set(ids).size).toBe(ids.length);
  });
});

test("the id of an agent's record is its bits, written out", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(incarnation, sequence, fc.boolean())), (records) => {
      for (const [agent, number, isReceipt] of records) {
        const id = isReceipt ? receiptId(agent, number) : lineId(agent, number);

        expect(eventIdOf(id)).toBe(bitByBit(agent, number, isReceipt));
      }
    }),
  );
});

/** 64 bits of the agent, one that tells a receipt, 57 of the number; version and variant where RFC 9562 has them. */
function bitByBit(agent: string, number: number, isReceipt: boolean): string {
  const bits = (digits: string, length: number): string => BigInt(digits).toString(2).padStart(length, "0");
  const free = `${bits(`0x${agent}`, 64)}${isReceipt ? 1 : 0}${bits(String(number), 57)}`;
  const all = `${free.slice(0, 48)}1000${free.slice(48, 60)}10${free.slice(60)}`;
  const hex = (all.match(/.{4}/g) ?? []).map((four) => Number.parseInt(four, 2).toString(16)).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const toLineId = ([spool, number]: [string, number]): string => lineId(spool, number);
