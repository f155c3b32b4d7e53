import type { DeadDelivery, Delivery } from "#core/triggers/delivery.ts";

/** Where deliveries wait for their attempts. */
export interface DeliveryQueue {
  /**
   * Answers when all are durable. Throws `unavailable` where a retry may help;
   * some may be there by then, and come twice.
   */
  hand(deliveries: readonly Delivery[]): Promise<void>;
}

/** Where deliveries lie that were given up, until somebody sends them again. */
export interface DeadDeliveryPlace {
  take(delivery: DeadDelivery): Promise<void>;
}
