import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";

import { cachedFolder } from "#dev/cached-folder.ts";
import type { Java } from "#dev/opensearch-java.ts";
import { OpenSearchUnavailable } from "#dev/opensearch-unavailable.ts";

export const OPENSEARCH_VERSION = "3.4.0";
/** The distribution without plugins, as Maven Central publishes it for integration tests; only a SHA-1 is published. */
const ARTIFACT = `org.opensearch.distribution.integ-test-zip:opensearch:${OPENSEARCH_VERSION}:zip`;
const ARTIFACT_SHA1 = "12308f041eaddfa0ea2b66f48a94e0520cbe5ea1";

const run = promisify(execFile);

/** The folder of an unpacked OpenSearch in the user's cache, fetched with Maven the first time (133 MB). */
export const unpackedOpenSearch = (java: Java, report: (progress: string) => void): Promise<string> =>
  cachedFolder(`opensearch-${OPENSEARCH_VERSION}`, async (aside) => {
    report(`fetching OpenSearch ${OPENSEARCH_VERSION} with Maven (133 MB, only this once)`);
    const zip = await fetchZip(aside);
    report("unpacking it");
    return unzip(zip, aside, java);
  });

async function fetchZip(into: string): Promise<string> {
  const options = ["--batch-mode", "--quiet", `-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${into}`];
  // Run in an empty folder, so that no project's pom.xml takes part.
  await run("mvn", ["dependency:copy", ...options], { cwd: into }).catch((failure) => {
    if (failure.code === "ENOENT") throw new OpenSearchUnavailable("Maven (mvn), which fetches it, is not installed");
    throw new OpenSearchUnavailable(`Maven could not fetch it: ${failure.stdout || failure.message}`, {
      cause: failure,
    });
  });
  const zip = join(into, `opensearch-${OPENSEARCH_VERSION}.zip`);
  const hash = createHash("sha1");
  await pipeline(createReadStream(zip), hash);
  const sha1 = hash.digest("hex");
  if (sha1 !== ARTIFACT_SHA1) throw new Error(`${ARTIFACT} has SHA-1 ${sha1}, expected ${ARTIFACT_SHA1}`);
  return zip;
}

/** Returns the folder it unpacked to. */
async function unzip(zip: string, into: string, java: Java): Promise<string> {
  await run("unzip", ["-q", zip], { cwd: into }).catch(async (failure) => {
    if (failure.code !== "ENOENT") throw failure;
    await run(join(java.home, "bin/jar"), ["xf", zip], { cwd: into });
  });
  // `jar` forgets what is executable, and a strict umask what others may read (a node of root's runs as another user).
  const unpacked = join(into, `opensearch-${OPENSEARCH_VERSION}`);
  await run("chmod", ["-R", "a+rX", unpacked]);
  await run("chmod", ["-R", "a+rx", join(unpacked, "bin")]);
  return unpacked;
}
