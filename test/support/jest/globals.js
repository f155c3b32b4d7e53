import { ModuleMocker } from "jest-mock";

/** Where circus looks for a limit that a file sets for its own tests. */
const TEST_TIMEOUT = Symbol.for("TEST_TIMEOUT_SYMBOL");

const mocker = new ModuleMocker(globalThis);
let current;

/** From here on `test`, `describe` and the like are those of the next file. */
export function startFile(globals) {
  current = globals;
  delete globalThis[TEST_TIMEOUT];
  mocker.restoreAllMocks();
}

/** Contracts and other support are loaded once, and speak to the file that runs. */
const ofCurrentFile = (name) =>
  new Proxy(() => undefined, {
    apply: (_, __, args) => current[name](...args),
    get: (_, key) => current[name][key],
  });

export const test = ofCurrentFile("test");
export const it = ofCurrentFile("it");
export const describe = ofCurrentFile("describe");
export const expect = ofCurrentFile("expect");
export const beforeAll = ofCurrentFile("beforeAll");
export const beforeEach = ofCurrentFile("beforeEach");
export const afterAll = ofCurrentFile("afterAll");
export const afterEach = ofCurrentFile("afterEach");

export const jest = {
  fn: mocker.fn.bind(mocker),
  spyOn: mocker.spyOn.bind(mocker),
  replaceProperty: mocker.replaceProperty.bind(mocker),
  restoreAllMocks: mocker.restoreAllMocks.bind(mocker),
  setTimeout: (ms) => {
    globalThis[TEST_TIMEOUT] = ms;
  },
};
