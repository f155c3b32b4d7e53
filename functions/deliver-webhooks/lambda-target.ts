import type { LambdaClient, LambdaClientConfig } from "@aws-sdk/client-lambda";
import { toMessageBody } from "#core/triggers/delivery.ts";
import type { TriggerTarget } from "#core/triggers/trigger-target.ts";
import { notAllowed } from "#functions/shared/triggers/allowed-targets.ts";
import { faultOfCall } from "./aws-fault.ts";

export interface LambdaTargetOptions {
  /** The functions that triggers may call, by their names. */
  readonly allowed: readonly string[];
  /** @default - region and credentials of the environment */
  readonly config?: LambdaClientConfig;
}

/**
 * Hands events to a function's own queue: what the function makes of them,
 * Lambda retries and puts aside as it is set to.
 */
export function lambdaTarget({ allowed, config = {} }: LambdaTargetOptions): TriggerTarget {
  type Sdk = typeof import("@aws-sdk/client-lambda");
  let opened: Promise<{ readonly sdk: Sdk; readonly client: LambdaClient }> | undefined;
  return {
    async attempt(delivery, { target }) {
      if (!("lambda" in target)) throw new Error("the trigger has no function");
      const name = target.lambda.function;
      if (!allowed.includes(name)) return { notTaken: notAllowed("function", name), isFinal: true };
      opened ??= import("@aws-sdk/client-lambda").then((sdk) => ({ sdk, client: new sdk.LambdaClient(config) }));
      const { sdk, client } = await opened;
      try {
        const { StatusCode: status } = await client.send(
          new sdk.InvokeCommand({ FunctionName: name, InvocationType: "Event", Payload: toMessageBody(delivery) }),
        );
        return { taken: true, ...(status !== undefined && { status }) };
      } catch (error) {
        return faultOfCall("Lambda", error);
      }
    },
  };
}
