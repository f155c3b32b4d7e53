import { hash } from "node:crypto";
import { isUuid, uuidV8 } from "#core/events/uuid.ts";

/** What `lineId` and `receiptId` make. */
const AGENT_ID = /^([0-9a-f]{16})-(r?)(\d{15})$/;

/** A receipt's number is told from a line's by a bit above the 50 that 15 digits take. */
const RECEIPT_BIT = 1n << 57n;

/**
 * The id of a record's event, made of nothing but the record's id: a UUID is its own; the ids of an agent become UUIDv8
 * (RFC 9562, section 5.8) that sort as its lines came, any other one of its SHA-256.
 */
export function eventIdOf(recordId: string): string {
  if (isUuid(recordId)) return recordId;
  const [, incarnation, isReceipt, number] = AGENT_ID.exec(recordId) ?? [];
  if (incarnation === undefined || number === undefined) return uuidV8(BigInt(`0x${hash("sha256", recordId)}`) >> 134n);
  const place = BigInt(number) | (isReceipt ? RECEIPT_BIT : 0n);
  return uuidV8((BigInt(`0x${incarnation}`) << 58n) | place);
}
