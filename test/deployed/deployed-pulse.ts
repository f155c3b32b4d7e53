import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EventTypeDeclaration } from "#core/events/types/event-types.ts";
import { type OpenSearchNode, startOpenSearch } from "#dev/opensearch-node.ts";
import { BASE_PATH } from "#functions/routes.ts";
import {
  EMULATED_ACCOUNT,
  EMULATED_REGION,
  type Emulator,
  logOf,
  startEmulator,
} from "#test/support/emulator/emulator.ts";
import { type AccountRequest, type EmulatedAccount, emulatedAccount } from "#test/support/emulator/emulator-account.ts";
import { openWebhookReceiver, type WebhookReceiver } from "#test/support/http/webhook-receiver.ts";
import { openSavedObjectsServer, type SavedObjectsServer } from "#test/support/opensearch/saved-objects-server.ts";
import { grantBatches } from "./batch-rights.ts";
import { cdk } from "./cdk.ts";
import { makeAlarmsPlain } from "./plain-alarms.ts";
import type { Report } from "./report.ts";

const STAGE = "dev";
export const STACK_PREFIX = `Pulse-${STAGE}-`;
/** Of the gateways that the deployment knows. */
export const HAPROXY_CONFIG = join(import.meta.dirname, "haproxy.cfg");
/** Declared besides the default one. */
export const NAMESPACE = "team-a";
/** All that webhooks may reach besides the internet. */
const WEBHOOK_NETWORK = "127.0.0.1/32";

type Outputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

interface DeployedFunction {
  readonly FunctionName: string;
  readonly Description: string;
  /** The ARN of the role it runs as. */
  readonly Role: string;
}

/** The stacks in an emulated account, with a real OpenSearch. Whatever it starts ends with `close`. */
export class DeployedPulse {
  readonly #report: Report;
  /** What the account needs to end, the newest last. */
  readonly #closing: (() => Promise<unknown>)[] = [];
  #openSearch: Promise<OpenSearchNode> | undefined;
  #folder = "";
  #openSearchUrl = "";
  #receiver: WebhookReceiver | undefined;
  #dashboards: SavedObjectsServer | undefined;
  #emulator: Emulator | undefined;
  #outputs: Outputs = {};

  constructor(report: Report) {
    this.#report = report;
  }

  /** An empty account, OpenSearch, and what stands for OpenSearch Dashboards and for receivers in the internet. */
  async open(): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), "pulse-deployed-"));
    this.#closing.push(() => rm(this.#folder, { recursive: true, force: true }));
    const [receiver, dashboards] = await Promise.all([openWebhookReceiver({ tls: true }), openSavedObjectsServer()]);
    this.#closing.push(receiver.close, dashboards.close);
    this.#receiver = receiver;
    this.#dashboards = dashboards;
    await this.start({ enforcesRights: false });
    this.#openSearch = startOpenSearch({ isShortLived: true, report: this.#report.progress });
    this.#openSearchUrl = (await this.#openSearch).url;
  }

  /** Stops the emulator, if it runs, and starts it on the same state. */
  async start({ enforcesRights }: { readonly enforcesRights: boolean }): Promise<void> {
    const before = this.#emulator;
    await before?.stop();
    const options = { folder: this.#folder, enforcesRights, report: this.#report.progress };
    const starting = startEmulator({ ...options, ...(before !== undefined && { port: before.port }) });
    this.#closing.push(async () => (await starting.catch(() => undefined))?.stop());
    this.#emulator = await starting;
  }

  get #emulatorUrl(): string {
    return (this.#emulator as Emulator).url;
  }

  get account(): EmulatedAccount {
    return emulatedAccount(this.#emulatorUrl);
  }

  /** Of webhooks, at any address of loopback that a URL names. */
  get receiver(): WebhookReceiver {
    return this.#receiver as WebhookReceiver;
  }

  /** Where dashboards are kept. */
  get dashboards(): SavedObjectsServer {
    return this.#dashboards as SavedObjectsServer;
  }

  /** What the account needs before anything can be deployed in it. */
  bootstrap(): Promise<string> {
    // Where there is no cdk.json, so that it does not build the stacks for it.
    return this.#cdk(["bootstrap", `aws://${EMULATED_ACCOUNT}/${EMULATED_REGION}`], this.#folder);
  }

  /** Every stack, made as the README says; answers how many alarms had to be made plain. */
  async synth(): Promise<number> {
    await this.#cdk(["synth", "--quiet", ...this.#context(), "--output", this.#assembly]);
    await grantBatches(this.#assembly);
    return makeAlarmsPlain(this.#assembly);
  }

  async deploy(): Promise<void> {
    const outputs = join(this.#folder, "outputs.json");
    await this.#cdk(["deploy", "--all", ...UNASKED, "--app", this.#assembly, "--outputs-file", outputs]);
    this.#outputs = JSON.parse(await readFile(outputs, "utf8"));
  }

  /** Deploys anew what is told of event types, with these. */
  deployTypes(eventTypes: readonly EventTypeDeclaration[]): Promise<string> {
    const app = ["--app", "node test/deployed/app.ts", "-c", `ownEventTypes=${JSON.stringify(eventTypes)}`];
    const stacks = ["Indexing", "Api"].map((stack) => STACK_PREFIX + stack);
    const alone = ["--exclusively", "--output", join(this.#folder, "own-app.out")];
    return this.#cdk(["deploy", ...stacks, ...alone, ...UNASKED, ...this.#context(), ...app]);
  }

  diff(): Promise<string> {
    return this.#cdk(["diff", "--app", this.#assembly]);
  }

  destroy(): Promise<string> {
    return this.#cdk(["destroy", "--all", "--force", "--app", this.#assembly]);
  }

  /** An output of a stack: its name without what all have in common. */
  output(stack: string, name: string): string {
    const value = this.#outputs[STACK_PREFIX + stack]?.[name];
    if (value === undefined) throw new Error(`stack ${stack} has no output ${name}`);
    return value;
  }

  /** A request of the API, signed by the account's root. */
  api(path: string, request: AccountRequest = {}): Promise<Response> {
    return this.account.send("execute-api", this.#apiRoot + path, request);
  }

  /** What the API answers to a question, which must be there. */
  async ask<Answer>(path: string): Promise<Answer> {
    const answer = await this.api(BASE_PATH + path);
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`GET ${path} was answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  }

  async inOpenSearch<Answer>(path: string, put?: object): Promise<Answer> {
    const headers = { "content-type": "application/json" };
    const request = put === undefined ? {} : { method: "PUT", headers, body: JSON.stringify(put) };
    const answer = await fetch(this.#openSearchUrl + path, request);
    return (await answer.json()) as Answer;
  }

  /** The function made of a folder below `functions/`. */
  async functionOf(folder: string): Promise<DeployedFunction> {
    const answer = await this.account.send("lambda", "/2015-03-31/functions/");
    const { Functions } = (await answer.json()) as { readonly Functions: readonly DeployedFunction[] };
    const found = Functions.find(({ Description }) => Description === `Pulse: ${folder}`);
    if (found === undefined) throw new Error(`there is no function ${folder}`);
    return found;
  }

  /** Calls the function as its schedule would; answers what it said. Throws what it threw. */
  async call<Answer>(folder: string, event: object = {}): Promise<Answer> {
    const { FunctionName } = await this.functionOf(folder);
    const path = `/2015-03-31/functions/${FunctionName}/invocations`;
    const answer = await this.account.send("lambda", path, { method: "POST", body: JSON.stringify(event) });
    const text = await answer.text();
    if (!answer.ok || answer.headers.has("x-amz-function-error")) throw new Error(`${folder} failed: ${text}`);
    return JSON.parse(text);
  }

  /** For people who want to see for themselves. */
  howToLook(): string {
    const events = `${this.#emulatorUrl}${this.#apiRoot}${BASE_PATH}/events`;
    return `
It runs until Ctrl-C:
  OpenSearch   ${this.#openSearchUrl}
  AWS          AWS_ENDPOINT_URL=${this.#emulatorUrl} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=${EMULATED_REGION}
  its log      ${logOf(this.#folder)}
  the API      curl --user test:test --aws-sigv4 aws:amz:${EMULATED_REGION}:execute-api ${events}
`;
  }

  /** The end of what the emulator and the functions printed. */
  async lastLog(): Promise<string> {
    const log = await readFile(logOf(this.#folder), "utf8").catch(() => "");
    return log.trimEnd().split("\n").slice(-30).join("\n");
  }

  async close(): Promise<void> {
    await Promise.all([this.#closeAccount(), this.#openSearch?.then(({ stop }) => stop()).catch(() => {})]);
  }

  async #closeAccount(): Promise<void> {
    for (const close of this.#closing.splice(0).reverse()) await close();
  }

  /** Where the stacks as they are deployed lie. */
  get #assembly(): string {
    return join(this.#folder, "cdk.out");
  }

  /** The emulator serves an API below its id and stage; its real address is in AWS. */
  get #apiRoot(): string {
    const { hostname, pathname } = new URL(this.output("Api", "ApiUrl"));
    return `/restapis/${hostname.split(".")[0]}/${pathname.split("/")[1]}/_user_request_`;
  }

  #context(): string[] {
    const context = {
      stage: STAGE,
      auth: "iam",
      namespaces: NAMESPACE,
      openClusterUrl: this.#openSearchUrl,
      haproxyConfig: HAPROXY_CONFIG,
      webhookNetworks: WEBHOOK_NETWORK,
      dashboards: this.dashboards.url,
    };
    return Object.entries(context).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
  }

  #cdk(args: readonly string[], cwd?: string): Promise<string> {
    return cdk(args, {
      folder: this.#folder,
      emulatorUrl: this.#emulatorUrl,
      ...(cwd !== undefined && { cwd }),
      onStart: (stop) => this.#closing.push(stop),
    });
  }
}

const UNASKED = ["--require-approval", "never"];
