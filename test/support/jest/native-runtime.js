import { createRequire, registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { startFile } from "./globals.js";

const require = createRequire(import.meta.url);
const GLOBALS = new URL("globals.js", import.meta.url).href;

/** Where circus keeps who listens to its run. */
const EVENT_HANDLERS = Symbol.for("EVENT_HANDLERS");

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "@jest/globals" ? { url: GLOBALS, shortCircuit: true } : next(specifier, context),
});

/**
 * What jest asks of its runtime, without a module system of its own: Node loads the tests and all they import,
 * as it does in production, once per worker. Jest's own loads everything anew for each file, into a context that
 * is several times as slow. So what a module holds lives on from file to file; what jest itself holds (its
 * tests, mocks, time limit) is new in each.
 */
export default class NativeRuntime {
  requireInternalModule(path) {
    delete globalThis[EVENT_HANDLERS];
    delete require.cache[path];
    return require(path);
  }

  requireModule(path) {
    return require(path);
  }

  setGlobalsForRuntime(globals) {
    startFile(globals);
  }

  unstable_shouldLoadAsEsm() {
    return true;
  }

  unstable_importModule(path) {
    return import(pathToFileURL(path).href);
  }

  getSourceMaps() {
    return null;
  }

  getAllCoverageInfoCopy() {}
  enterTestCode() {}
  leaveTestCode() {}
  teardown() {}
}

// What a worker has loaded takes longer to be tidied up than jest waits for it.
process.once("beforeExit", () => process.exit());
