/** What stands in an archive event where a source has a secret of a webhook. */
export const HIDDEN_SECRET = "whsec_hidden";

const SECRET = /whsec_[A-Za-z0-9+/]+={0,2}/g;

/** A source as everybody may see it who may see events: they are stored, streamed, archived and delivered. */
export const withoutSecrets = (source: string): string => source.replace(SECRET, HIDDEN_SECRET);
