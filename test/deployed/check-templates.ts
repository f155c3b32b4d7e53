import assert from "node:assert/strict";
import { App } from "aws-cdk-lib";
import { DEFAULT_EVENT_TYPES, type EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { readHaproxyFormats, withFormatFields } from "#lib/haproxy-formats.ts";
import { indexTemplates, typeTemplate } from "#stores/opensearch/index-templates.ts";
import { stackStatus } from "#test/support/emulator/emulator-account.ts";
import { CdkFailed } from "./cdk.ts";
import { createEvent } from "./check-events.ts";
import { type DeployedPulse, HAPROXY_CONFIG, STACK_PREFIX } from "./deployed-pulse.ts";
import { eventually } from "./eventually.ts";
import type { Report } from "./report.ts";

const PURCHASE: EventTypeDeclaration = {
  name: "purchase",
  period: "month",
  retentionDays: 30,
  fields: { currency: "keyword", amount: "double" },
};

/** One type more, one with fields, and one less. */
const CHANGED_TYPES: readonly EventTypeDeclaration[] = [
  ...DEFAULT_EVENT_TYPES.filter(({ name }) => name !== "allocation").map((type) =>
    type.name === "health" ? { ...type, fields: { unit: "keyword" } as const } : type,
  ),
  PURCHASE,
];

/** A field cannot change its kind once an index has it. */
const REFUSED_TYPES = CHANGED_TYPES.map((type) =>
  type.name === "haproxy" ? { ...type, fields: { ...type.fields, ST: "keyword" } as const } : type,
);

/** Index templates come, change and go with the event types of the stack; what OpenSearch refuses changes nothing. */
export async function checkTemplates(pulse: DeployedPulse, report: Report): Promise<void> {
  await report.check("every default type has its index template, and so have all others and the bookkeeping", () =>
    hasTemplatesOf(pulse, DEFAULT_EVENT_TYPES),
  );
  await report.check("a deployment with a template that OpenSearch refuses fails, and leaves those before it", () =>
    rollsBack(pulse),
  );
  await report.check("the next deployment creates, changes and removes templates as its types want it", async () => {
    await pulse.deployTypes(CHANGED_TYPES);
    await hasTemplatesOf(pulse, CHANGED_TYPES);
    assert.equal(await kindOf(pulse, "health", "unit"), "keyword", "in the index that was there before");
  });
  await report.check("the first event of a new type makes an index with the fields of its declaration", async () => {
    await createEvent(pulse, { type: PURCHASE.name, tags: ["shop"], value: { currency: "EUR", amount: 12.5 } });
    await eventually(async () => assert.equal(await kindOf(pulse, PURCHASE.name, "amount"), "double"));
  });
  await report.check("the deployed functions know the type's fields: they fill them, and add them up", () =>
    eventually(async () => {
      const query = new URLSearchParams({
        type: PURCHASE.name,
        aggregator: "sum",
        field: "amount",
        groupBy: "currency",
      });
      const answer = await pulse.ask(`/events/aggregate?${query}`);
      assert.deepEqual(answer, { groups: [{ key: "EUR", count: 1, value: 12.5 }] });
    }),
  );
}

async function rollsBack(pulse: DeployedPulse): Promise<void> {
  await createEvent(pulse, { type: "haproxy", tags: ["gateways:shop"], value: { ST: 200 } });
  await createEvent(pulse, { type: "health", tags: ["gateways:shop"], value: 1 });
  await eventually(async () => assert.equal(await kindOf(pulse, "haproxy", "ST"), "long"));

  const failure = await pulse.deployTypes(REFUSED_TYPES).then(
    () => new Error("it did not fail"),
    (thrown) => thrown,
  );

  if (!(failure instanceof CdkFailed)) throw failure;
  assert.ok(failure.printed.includes("mapper [fields.ST] cannot be changed from type"), "it does not say why");
  assert.equal(await stackStatus(pulse.account, `${STACK_PREFIX}Indexing`), "UPDATE_ROLLBACK_COMPLETE");
  await hasTemplatesOf(pulse, DEFAULT_EVENT_TYPES);
}

interface InstalledTemplates {
  readonly index_templates: readonly {
    readonly name: string;
    readonly index_template: { readonly template: { readonly mappings: unknown } };
  }[];
}

/** Neither less nor more than these types need, with the fields they declare, and those of the gateways' formats. */
async function hasTemplatesOf(pulse: DeployedPulse, declared: readonly EventTypeDeclaration[]): Promise<void> {
  const types = withFormatFields(readHaproxyFormats(new App(), [HAPROXY_CONFIG]), declared);
  const { index_templates: found } = await pulse.inOpenSearch<InstalledTemplates>("/_index_template");
  const names = indexTemplates(types).map(({ name }) => name);

  assert.deepEqual(found.map(({ name }) => name).sort(), [...names].sort());
  for (const type of types) {
    const { name, body } = typeTemplate(type);
    const mappings = found.find((template) => template.name === name)?.index_template.template.mappings;
    assert.deepEqual(fieldsOf(mappings), fieldsOf(body.template.mappings), `the fields of ${name}`);
  }
}

const fieldsOf = (mappings: unknown): unknown => {
  const { properties } = mappings as { properties: { fields?: { properties: unknown } } };
  return properties.fields?.properties;
};

/** Of a declared field, as the one index of the type has it. */
async function kindOf(pulse: DeployedPulse, type: string, name: string): Promise<string | undefined> {
  const field = `fields.${name}`;
  const indices = await pulse.inOpenSearch<Readonly<Record<string, MappedField>>>(
    `/pulse.${type}.*/_mapping/field/${field}`,
  );
  const [index, ...others] = Object.values(indices);
  assert.deepEqual(others, []);
  return index?.mappings[field]?.mapping[name]?.type;
}

interface MappedField {
  readonly mappings: Readonly<
    Record<string, { readonly mapping: Readonly<Record<string, { readonly type: string }>> }>
  >;
}
