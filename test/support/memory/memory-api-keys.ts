import type { ApiKeyRecord, ApiKeys } from "#core/access/api-keys.ts";

/** API keys that nothing keeps. */
export function memoryApiKeys(): ApiKeys {
  const records = new Map<string, ApiKeyRecord>();
  return {
    find: async (id) => records.get(id),
    add: async (record) => {
      records.set(record.id, record);
    },
    list: async () => [...records.values()],
    revoke: async (id) => records.delete(id),
  };
}
