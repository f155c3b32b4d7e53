import type { AskedEvent, AskedEvents } from "#cli/haproxy/asked-events.ts";
import { HAPROXY_EVENT_TYPE } from "#core/events/types/event-types.ts";
import type { KeptReceipt, LineRegister } from "#core/haproxy/logs/completeness.ts";
import { readLogRecord } from "#core/haproxy/logs/read-log-record.ts";
import { DEFAULT_NAMESPACE } from "#core/namespaces.ts";

const RECEIPT_TYPE = "metrics";
const GATEWAY_TAG = "gateways:";
const SOURCE_TAG = "sources:";

/** Receipts and lines as events have them. `onFault` is told of what is tagged as a receipt and is none. */
export function openLineRegister(events: AskedEvents, onFault: (text: string) => void): LineRegister {
  const inBlock = (block: string) => ({ type: HAPROXY_EVENT_TYPE, tags: [`receipts:${block}`] });
  return {
    async receipts(afterMs, gateway) {
      const tags = ["receipts", ...(gateway === undefined ? [] : [`${GATEWAY_TAG}${gateway}`])];
      const kept: KeptReceipt[] = [];
      for await (const event of events.every({ type: RECEIPT_TYPE, tags, timestamp: { gt: instant(afterMs) } })) {
        const receipt = readReceipt(event);
        if ("fault" in receipt) onFault(`${event.id} is no receipt: ${receipt.fault}`);
        else kept.push(receipt);
      }
      return kept;
    },
    count: (block) => events.count(inBlock(block)),
    async ids(block) {
      const ids: string[] = [];
      for await (const { id } of events.every(inBlock(block))) ids.push(id);
      return ids;
    },
    async gateways({ fromMs, toMs }) {
      const timestamp = { gte: instant(fromMs), lte: instant(toMs) };
      const counts = await events.countByTag({ type: HAPROXY_EVENT_TYPE, tags: [], timestamp }, "sources");
      return new Map([...counts].map(([tag, lines]) => [tag.slice(SOURCE_TAG.length), lines]));
    },
  };
}

const instant = (ms: number): string => new Date(ms).toISOString();

/** Anybody who may create events could have made one. */
function readReceipt({ tags, value }: AskedEvent): KeptReceipt | { readonly fault: string } {
  const gateway = tags.find((tag) => tag.startsWith(GATEWAY_TAG))?.slice(GATEWAY_TAG.length) ?? "";
  const origin = { id: "-", at: instant(0), namespace: DEFAULT_NAMESPACE, source: gateway };
  const read = readLogRecord(JSON.stringify({ ...origin, receipt: value }));
  if ("faults" in read) return { fault: read.faults.map(({ pointer, detail }) => `${pointer} ${detail}`).join("; ") };
  if (!("receipt" in read.record)) return { fault: "it has no value" };
  return { gateway, receipt: read.record.receipt };
}
