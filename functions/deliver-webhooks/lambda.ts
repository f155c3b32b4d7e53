import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { openTriggers } from "#functions/shared/deployment/triggers-of-deployment.ts";
import { SqsConnection } from "#journals/sqs/sqs-connection.ts";
import { SqsDeadDeliveries } from "#journals/sqs/sqs-delivery-queue.ts";
import { deliverWebhooksHandler } from "./deliver-webhooks.ts";
import { eventBusTarget } from "./event-bus-target.ts";
import { messageHider } from "./hide-message.ts";
import { lambdaTarget } from "./lambda-target.ts";
import { webhookTarget } from "./webhook-target.ts";

const environment = environmentOf("deliver-webhooks");
const triggers = openTriggers(environment);
const connection = new SqsConnection();

export const handler = deliverWebhooksHandler({
  ...triggers,
  targets: {
    webhook: webhookTarget({ guard: triggers.guard }),
    eventBus: eventBusTarget({ busName: environment.PULSE_TRIGGER_BUS, allowed: environment.PULSE_TRIGGER_BUSES }),
    lambda: lambdaTarget({ allowed: environment.PULSE_TRIGGER_FUNCTIONS }),
  },
  dead: new SqsDeadDeliveries({ queueUrl: environment.PULSE_DEAD_DELIVERIES_URL, connection }),
  hide: messageHider(environment.PULSE_DELIVERIES_URL, connection),
});
