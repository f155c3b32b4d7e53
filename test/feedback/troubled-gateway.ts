/** A gateway before servers of which one fails on command, under steady requests. Its lines go to a syslog listener. */
export interface TroubledGateway {
  readonly name: string;
  /** How many requests were answered with 5xx so far. */
  readonly failed: number;
  fail(): void;
  heal(): void;
  close(): Promise<void>;
}

export type OpenGateway = (folder: string, syslogPort: number) => Promise<TroubledGateway>;

export const REQUEST_EVERY_MS = 100;

/** Others may keep events in the same cluster. */
export const gatewayName = (port: number): string => `shop-${process.pid}-${port}`;
