import { isHttpUrl } from "#cli/call.ts";
import type { OpenSearchSettings } from "#stores/opensearch/client.ts";

const AWS_HOST = /\.([a-z]{2}(?:-[a-z]+)+-\d)\.(?:es|aos)\.(?:amazonaws\.com|on\.aws)$/;

/**
 * The OpenSearch that `--opensearch` and `--auth` name; adds to `faults` what is wrong with them. Requests to a domain
 * of AWS are signed unless it is said otherwise, in the region of its address.
 */
export function openSearchTarget(
  { opensearch, auth }: { readonly opensearch?: string | undefined; readonly auth?: string | undefined },
  faults: string[],
): OpenSearchSettings | undefined {
  if (opensearch === undefined) faults.push("--opensearch <url> is missing");
  else if (!isHttpUrl(opensearch))
    faults.push(`--opensearch takes a URL like http://127.0.0.1:9200, not "${opensearch}"`);
  if (auth !== undefined && auth !== "none" && auth !== "sigv4")
    faults.push(`--auth takes none or sigv4, not "${auth}"`);
  if (opensearch === undefined || !isHttpUrl(opensearch)) return undefined;
  const url = new URL(opensearch);
  const hostRegion = AWS_HOST.exec(url.hostname)?.[1];
  if ((auth ?? (hostRegion === undefined ? "none" : "sigv4")) === "none") return { url: url.href, auth: "none" };
  const region = hostRegion ?? process.env.AWS_REGION;
  if (region !== undefined) return { url: url.href, auth: "sigv4", region };
  faults.push("--auth sigv4 needs a region: set AWS_REGION");
  return undefined;
}

/** The address as it is shown and written down: without the password that it may carry. */
export function shownAddress({ url }: OpenSearchSettings): string {
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  return shown.href;
}
