/** Node itself loads the tests, and strips their types (test/support/jest). */
export default {
  testEnvironment: "<rootDir>/test/support/jest/native-environment.js",
  runtime: "<rootDir>/test/support/jest/native-runtime.js",
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  transform: {},
  globalSetup: "<rootDir>/test/support/opensearch/open-opensearch-broker.ts",
  globalTeardown: "<rootDir>/test/support/opensearch/close-opensearch-broker.ts",
  modulePathIgnorePatterns: ["<rootDir>/dist/", "<rootDir>/cdk.out/"],
  testTimeout: 30_000,
  // Many tests wait for processes, or for time itself.
  maxWorkers: 3,
};
