import { behavesLikeAnEventStore } from "#test/stores/event-store-contract.ts";
import { NaiveEventStore } from "#test/stores/naive-event-store.ts";

behavesLikeAnEventStore("the naive event store", async () => new NaiveEventStore());
