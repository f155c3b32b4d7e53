import { openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { behavesLikeAnEventStore } from "#test/stores/event-store-contract.ts";

behavesLikeAnEventStore(
  "the embedded store",
  async () => new EmbeddedEventStore({ database: openDatabase(":memory:") }),
);
