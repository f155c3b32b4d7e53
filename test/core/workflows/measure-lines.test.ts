import { openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedEventStore } from "#stores/embedded/embedded-event-store.ts";
import { measuresLines } from "#test/core/workflows/measure-lines-contract.ts";

measuresLines("embedded", () => new EmbeddedEventStore({ database: openDatabase(":memory:") }));
