/** Native ESM; types are stripped by Node itself (test/support/strip-types.js). */
export default {
  testEnvironment: "node",
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  extensionsToTreatAsEsm: [".ts"],
  transform: { "\\.ts$": "<rootDir>/test/support/strip-types.js" },
  globalSetup: "<rootDir>/test/support/open-opensearch-broker.ts",
  globalTeardown: "<rootDir>/test/support/close-opensearch-broker.ts",
  modulePathIgnorePatterns: ["<rootDir>/dist/", "<rootDir>/cdk.out/"],
  testTimeout: 30_000,
  // More than the two cores of a small machine: a good part of the tests wait for servers and processes of their own.
  maxWorkers: 3,
};
