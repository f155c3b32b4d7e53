/** The streams of the journal that are archived, each in a folder of its name. */
export const ARCHIVED_STREAMS = ["events", "haproxy-logs"] as const;
export type ArchivedStream = (typeof ARCHIVED_STREAMS)[number];

/** Beside them: what could not be delivered, as the service that delivers writes it. */
export const ERRORS_FOLDER = "errors/";
