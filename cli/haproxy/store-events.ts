import type { AskedEvent, AskedEvents, EventQuestion } from "#cli/haproxy/asked-events.ts";
import type { EventQuery, EventStore } from "#core/events/event-store.ts";
import { MAX_GROUPS } from "#core/events/query/aggregation.ts";
import type { Cursor } from "#core/events/query/cursor.ts";
import { parseEventQuery } from "#core/events/query/event-query.ts";

const PAGE_EVENTS = 1000;

/** Events of a namespace, in their store. */
export function openStoreEvents(store: EventStore, namespace: string): AskedEvents {
  const toQuery = (question: EventQuestion): EventQuery => parseEventQuery(question, namespace, Date.now()).query;

  async function* every(question: EventQuestion): AsyncGenerator<AskedEvent> {
    const query = toQuery(question);
    for (let after: Cursor | "start" | undefined = "start"; after !== undefined; ) {
      const page = await store.search(query, { after, limit: PAGE_EVENTS });
      for (const { id, tags, value } of page.events)
        yield { id, tags, ...(value !== undefined && { value: JSON.parse(value) }) };
      after = page.events.at(-1);
    }
  }

  return {
    every,
    count: async (question) => (await store.search(toQuery(question), { offset: 0, limit: 1 })).total,
    async countByTag(question, generic) {
      const counting = { aggregator: { type: "count" }, groupBy: { by: "tag", generic }, size: MAX_GROUPS } as const;
      const answer = await store.aggregate(toQuery(question), counting);
      const groups = "groups" in answer ? answer.groups : [];
      return new Map(groups.map(({ key, count }) => [String(key), count]));
    },
    close: () => store.close(),
  };
}
