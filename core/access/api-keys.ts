import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Principal, Right } from "#core/access/principal.ts";

/** What its owner says of a key. */
export interface ApiKeyGrant {
  /** Who uses it, for people. */
  readonly name: string;
  readonly rights: readonly Right[];
  /** The only namespaces of the key; without, every one. */
  readonly namespaces?: readonly string[];
}

/** What is kept of a key, which is never the key itself. */
export interface ApiKeyRecord extends ApiKeyGrant {
  readonly id: string;
  readonly digest: string;
  readonly createdAtMs: number;
}

/** Where the records of keys are. All of them throw `unavailable` where a retry may help. */
export interface ApiKeys {
  find(id: string): Promise<ApiKeyRecord | undefined>;
  add(record: ApiKeyRecord): Promise<void>;
  list(): Promise<readonly ApiKeyRecord[]>;
  /** Whether there was such a key. From now on `find` does not find it. */
  revoke(id: string): Promise<boolean>;
}

const ID_BYTES = 8;
const SECRET_BYTES = 32;
/** The prefix lets scanners for leaked secrets recognise a key. */
const API_KEY = /^pulse_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;

/** Makes a key: its text, which is told once, and the record to keep. */
export function issueApiKey(
  grant: ApiKeyGrant,
  nowMs: number,
): { readonly text: string; readonly record: ApiKeyRecord } {
  const id = randomBytes(ID_BYTES).toString("hex");
  const text = `pulse_${id}_${randomBytes(SECRET_BYTES).toString("base64url")}`;
  return { text, record: { ...grant, id, digest: digestOf(text), createdAtMs: nowMs } };
}

const utf8 = new TextEncoder();

/** The id in a key's text; undefined for what is not written as keys are. */
export const idOfApiKey = (text: string): string | undefined => API_KEY.exec(text)?.[1];

/** Whether the text is the record's key. The time it takes does not tell how much of a guess is right. */
export const isKeyOf = (text: string, { digest }: ApiKeyRecord): boolean =>
  timingSafeEqual(utf8.encode(digestOf(text)), utf8.encode(digest));

/** A plain SHA-256 is enough: salt and slow hashes protect passwords, and 256 random bits cannot be guessed. */
const digestOf = (text: string): string => hash("sha256", text, "hex");

export const principalOfKey = ({ id, rights, namespaces }: ApiKeyRecord): Principal => ({
  id: `key:${id}`,
  rights,
  ...(namespaces !== undefined && { namespaces }),
});
