import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { createServer, type Server } from "node:net";

/**
 * Holds a spool for one process. The lock is a socket of Linux that has a name and no file, so it goes with its
 * process, however that ends. Elsewhere nothing is held.
 */
export async function lockSpool(folder: string): Promise<() => Promise<void>> {
  if (process.platform !== "linux") return async () => {};
  const name = createHash("sha256").update(realpathSync(folder)).digest("hex");
  const server = createServer((connection) => connection.destroy());
  await listening(server, `\0pulse-spool-${name}`, folder);
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}

const listening = (server: Server, path: string, folder: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === "EADDRINUSE";
      reject(taken ? new Error(`another agent uses the spool ${folder}`, { cause }) : cause);
    });
    server.listen({ path }, resolve);
  });
