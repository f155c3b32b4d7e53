import { isUuid, isUuidV8, uuidV8Of } from "#core/uuid.ts";

/** What `lineId` and `receiptId` make. */
const AGENT_ID = /^([0-9a-f]{16})-(r?)(\d{15})$/;
const LINE_ID_LENGTH = 32;
const NUMBER_AT = 17;

/**
 * The id of a record's event, made of nothing but the record's id: a UUID is its own; the ids of an agent become UUIDv8
 * (RFC 9562, section 5.8) that sort as its lines came, any other one of its SHA-256. So does a UUIDv8: who sends a line
 * could foretell the id of an artifact's change with it, and take its place.
 */
export function eventIdOf(recordId: string): string {
  const number = lineNumberOf(recordId, recent.incarnation);
  if (number >= 0) return agentEventId(recent.incarnation, number, false);
  if (isUuid(recordId) && !isUuidV8(recordId)) return recordId;
  const [, known, receipt, digits] = AGENT_ID.exec(recordId) ?? [];
  if (known !== undefined) return agentEventId(known, Number(digits), receipt !== "");
  return uuidV8Of(recordId);
}

/** The number of a line of the agent's incarnation, or -1. */
export function lineNumberOf(recordId: string, incarnation: string): number {
  const isOf =
    recordId.length === LINE_ID_LENGTH && recordId.startsWith(incarnation) && recordId[incarnation.length] === "-";
  return isOf ? digitsAt(recordId, NUMBER_AT) : -1;
}

/** The number that the rest of the text is, or -1. */
export function digitsAt(text: string, from: number): number {
  let number = 0;
  for (let at = from; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

const LAST_DIGITS = Array.from({ length: 0x1000 }, (_, number) => number.toString(16).padStart(3, "0"));

/** An agent comes with many ids, of which all but the end is the same. No incarnation is of dashes. */
let recent = { incarnation: "-".repeat(16), isReceipt: false, upper: -1, head: "" };

/**
 * Of the 122 bits that are free, the first 64 are the agent's, then one tells a receipt's number from a line's, and the
 * number, of 15 digits, takes the last 50 of the others.
 */
function agentEventId(incarnation: string, number: number, isReceipt: boolean): string {
  const upper = Math.floor(number / 0x1000);
  if (recent.upper !== upper || recent.incarnation !== incarnation || recent.isReceipt !== isReceipt)
    recent = { incarnation, isReceipt, upper, head: headOf(incarnation, isReceipt, upper) };
  return recent.head + LAST_DIGITS[number - upper * 0x1000];
}

/** All but the last three digits. */
function headOf(incarnation: string, isReceipt: boolean, upper: number): string {
  const last = Number.parseInt(incarnation.slice(15), 16);
  const variant = `${(0b1000 | (last >> 2)).toString(16)}${(((last & 0b11) << 2) | (isReceipt ? 0b10 : 0)).toString(16)}`;
  const digits = upper.toString(16).padStart(11, "0");
  const agent = `${incarnation.slice(0, 8)}-${incarnation.slice(8, 12)}-8${incarnation.slice(12, 15)}`;
  return `${agent}-${variant}${digits.slice(0, 2)}-${digits.slice(2)}`;
}
