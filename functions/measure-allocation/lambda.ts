import { deployedMeasuring } from "#functions/shared/deployment/deployed-measuring.ts";
import { environmentOf } from "#functions/shared/deployment/environment.ts";
import { measureAllocationHandler } from "./measure-allocation.ts";

const environment = environmentOf("measure-allocation");

export const handler = measureAllocationHandler(environment.PULSE_NAMESPACES, deployedMeasuring(environment));
