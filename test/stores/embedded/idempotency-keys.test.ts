import { openDatabase } from "#stores/embedded/database.ts";
import { EmbeddedIdempotencyKeys } from "#stores/embedded/idempotency-keys.ts";
import { remembersIdempotencyKeys } from "#test/stores/idempotency-keys-contract.ts";

remembersIdempotencyKeys("the embedded store", async () => {
  const database = openDatabase(":memory:");
  return { keys: new EmbeddedIdempotencyKeys(database), close: () => database.close() };
});
