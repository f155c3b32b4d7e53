import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * A folder of the user's cache that is made once, and stays. `make` gets a folder beside it and answers what of it is
 * to be kept. Two runs may do it at once: each makes its own, and one renames first.
 */
export async function cachedFolder(name: string, make: (aside: string) => Promise<string>): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pulse");
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const aside = await mkdtemp(`${folder}.building-`);
  try {
    await rename(await make(aside), folder).catch((failure) => {
      if (!existsSync(folder)) throw failure;
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return folder;
}
