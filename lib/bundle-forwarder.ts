import { chmodSync } from "node:fs";
import { dirname, join } from "node:path";
import { build, stop } from "esbuild";
import { BUNDLE_OPTIONS } from "#lib/bundle-options.ts";

const ROOT = dirname(import.meta.dirname);

/** The agent as one file that plain Node 24 runs, with all it needs. Answers how large it is. */
export async function bundleForwarder(file = join(ROOT, "dist", "pulse-forward.mjs")): Promise<number> {
  const { metafile } = await build({
    ...BUNDLE_OPTIONS,
    absWorkingDir: ROOT,
    entryPoints: ["cli/haproxy/forward-alone.ts"],
    outfile: file,
  });
  await stop(); // its service would keep a process alive
  chmodSync(file, 0o755);
  return Object.values(metafile.outputs).reduce((sum, { bytes }) => sum + bytes, 0);
}

if (import.meta.main) console.log(`dist/pulse-forward.mjs: ${Math.ceil((await bundleForwarder()) / 1024)} KB`);
