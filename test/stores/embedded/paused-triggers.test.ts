import { openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedPausedTriggers } from "#stores/embedded/embedded-paused-triggers.ts";
import { remembersPausedTriggers } from "#test/core/triggers/paused-triggers-contract.ts";
import { openMemoryPausedTriggers } from "#test/support/memory/memory-paused-triggers.ts";

remembersPausedTriggers("the file of the local server", async () => {
  const database = openDatabase(":memory:");
  return { paused: new EmbeddedPausedTriggers(database), close: () => database.close() };
});

remembersPausedTriggers("a stand-in of the tests", async () => ({
  paused: openMemoryPausedTriggers(),
  close: () => {},
}));
