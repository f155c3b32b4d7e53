import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";

import type { Java } from "#dev/opensearch-java.ts";
import { OpenSearchUnavailable } from "#dev/opensearch-unavailable.ts";

export const OPENSEARCH_VERSION = "3.4.0";
/** The distribution without plugins, as Maven Central publishes it for integration tests; only a SHA-1 is published. */
const ARTIFACT = `org.opensearch.distribution.integ-test-zip:opensearch:${OPENSEARCH_VERSION}:zip`;
const ARTIFACT_SHA1 = "12308f041eaddfa0ea2b66f48a94e0520cbe5ea1";

const run = promisify(execFile);

/**
 * The folder of an unpacked OpenSearch in the user's cache, fetched with Maven the first time (133 MB). Two runs may do
 * it at once: each builds aside, and one renames first.
 */
export async function unpackedOpenSearch(java: Java, report: (progress: string) => void): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pulse");
  const folder = join(cache, `opensearch-${OPENSEARCH_VERSION}`);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const building = await mkdtemp(`${folder}.building-`);
  try {
    report(`fetching OpenSearch ${OPENSEARCH_VERSION} with Maven (133 MB, only this once)`);
    const zip = await fetchZip(building);
    report("unpacking it");
    await unzip(zip, building, java);
    await rename(join(building, `opensearch-${OPENSEARCH_VERSION}`), folder).catch((failure) => {
      if (!existsSync(folder)) throw failure;
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return folder;
}

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

async function unzip(zip: string, into: string, java: Java): Promise<void> {
  await run("unzip", ["-q", zip], { cwd: into }).catch(async (failure) => {
    if (failure.code !== "ENOENT") throw failure;
    await run(join(java.home, "bin/jar"), ["xf", zip], { cwd: into });
  });
  // `jar` forgets what is executable, and a strict umask what others may read (a node of root's runs as another user).
  const unpacked = join(into, `opensearch-${OPENSEARCH_VERSION}`);
  await run("chmod", ["-R", "a+rX", unpacked]);
  await run("chmod", ["-R", "a+rx", join(unpacked, "bin")]);
}
