/** This machine lacks what an OpenSearch needs; the message says what, and what to do. */
export class OpenSearchUnavailable extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`no OpenSearch can be started here: ${reason}`, options);
    this.name = "OpenSearchUnavailable";
  }
}
