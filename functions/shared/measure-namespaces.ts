import { DEFAULT_NAMESPACE } from "#core/namespaces.ts";
import type { Measured } from "#core/workflows/measure-lines.ts";
import { log } from "#functions/shared/log.ts";
import type { Unmeasured } from "#functions/shared/metrics.ts";

/** A function that is called again and again, and each time measures what is due. */
export type MeasuringFunction = () => Promise<void>;

/**
 * Measures every namespace, and says what was late or given up. One that cannot be measured costs no other; it fails
 * the call, though, so that it is called once more.
 */
export const measureNamespaces =
  (
    workflow: string,
    namespaces: readonly string[],
    measure: (namespace: string) => Promise<Partial<Measured>>,
    onMeasured: (unmeasured: Unmeasured) => void = () => {},
  ): MeasuringFunction =>
  async () => {
    const failures: unknown[] = [];
    const unmeasured = { linesLate: 0, linesGivenUp: 0 };
    for (const namespace of new Set([DEFAULT_NAMESPACE, ...namespaces])) {
      try {
        const measured = await measure(namespace);
        log.debug("measured", { workflow, namespace, ...measured });
        const { linesLate = 0, linesGivenUp = 0 } = measured;
        unmeasured.linesLate += linesLate;
        unmeasured.linesGivenUp += linesGivenUp;
        if (linesLate > 0) log.warn("lines came too late to be measured", { workflow, namespace, linesLate });
        if (linesGivenUp > 0) log.warn("lines lie too far back to be measured", { workflow, namespace, linesGivenUp });
      } catch (error) {
        failures.push(error);
      }
    }
    onMeasured(unmeasured);
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, `${failures.length} namespaces could not be measured`);
  };
