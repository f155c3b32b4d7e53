import { readDoctorCall } from "#cli/doctor/doctor-call.ts";
import { examine } from "#cli/doctor/examine.ts";
import { type Finding, REMEDIES } from "#cli/doctor/finding.ts";

const HELP = `Looks at everything that must be well, changes nothing, and says what to do about what is not.

  pulse doctor [options]

  --outputs <file>        a deployment: what npx cdk deploy --all --outputs-file <file> wrote names all of the below
  --opensearch <url>      cluster, disks, index templates, retention, indices, checkpoints
  --auth <how>            none, or sigv4 with the credentials of the environment (default: sigv4 for a domain of AWS)
  --domain <name>         what the OpenSearch Service says of the domain
  --declared <file>       the types that the deployment declares itself, if it does: a JSON array
  --stream <name>         the Kinesis stream of events; with --opensearch also how far each shard is indexed
  --haproxy-logs <name>   the same for the stream of gateways' log lines
  --dead-letters <place>  a folder or s3://bucket/prefix
  --archive <place>       how new it is; with --opensearch and the streams also whether it has what is indexed
  --keys <table>          the DynamoDB table of idempotency keys
  --artifacts <table>     that of artifacts, and whether its changes are told
  --data <folder>         what a local server keeps (default .pulse, where nothing else is given)
  --server <url>          the local server, if it runs (default http://127.0.0.1:3000)
  --json                  findings as a JSON array
  --help

It ends with 0 when all is well, with 1 when something is not, with 2 when something could not be looked at.

Examples: pulse doctor
          pulse doctor --outputs outputs.json
          pulse doctor --opensearch http://127.0.0.1:9200 --data .pulse
`;

/** `pulse doctor`. */
export async function doctor(args: string[]): Promise<void> {
  const call = readDoctorCall(args);
  if (call === "help") {
    process.stdout.write(HELP);
    return;
  }
  const found = await examine(call.targets, Date.now());
  process.stdout.write(call.json ? `${JSON.stringify(found.map(withRemedy), null, 2)}\n` : report(found));
  process.exitCode = exitCodeOf(found);
}

function exitCodeOf(found: readonly Finding[]): number {
  const has = (level: Finding["level"]): boolean => found.some((finding) => finding.level === level);
  if (has("unknown")) return 2;
  return has("bad") || has("warn") ? 1 : 0;
}

const withRemedy = (finding: Finding) =>
  finding.level === "ok" ? finding : { ...finding, page: pathOf(finding.page), remedy: REMEDIES[finding.page] };

const pathOf = (page: string): string => `docs/runbook.md#${page}`;

function report(found: readonly Finding[]): string {
  const width = Math.max(...found.map(({ part }) => part.length));
  const lines = found.map((finding, index) => {
    const line = `${finding.level.padEnd("unknown".length)}  ${finding.part.padEnd(width)}  ${finding.says}\n`;
    if (finding.level === "ok") return line;
    // Parts that are not well for the same reason stand together, and the remedy below the last of them.
    const next = found[index + 1];
    if (next !== undefined && "page" in next && next.page === finding.page) return line;
    const indent = " ".repeat("unknown".length + width + 4);
    return `${line}${indent}→ ${REMEDIES[finding.page]} (${pathOf(finding.page)})\n`;
  });
  return `${lines.join("")}\n${summary(found)}\n`;
}

function summary(found: readonly Finding[]): string {
  const wrong = found.filter(({ level }) => level !== "ok").length;
  return wrong === 0 ? `All ${found.length} are well.` : `Not well: ${wrong} of ${found.length}.`;
}
