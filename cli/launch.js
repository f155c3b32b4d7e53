#!/usr/bin/env node
// JavaScript, so that a Node too old for the rest can say so.
import module from "node:module";

const NEEDED_MAJOR = 24;

if (Number(process.versions.node.split(".")[0]) >= NEEDED_MAJOR) {
  // What was compiled once, types stripped, is not compiled again: the second start takes half the time.
  module.enableCompileCache();
  await import("./pulse.ts");
} else {
  process.stderr.write(
    `pulse: needs Node ${NEEDED_MAJOR} or newer, this is ${process.versions.node} (${process.execPath}).\n` +
      "In a checkout, npm ci brings one along on Linux and Windows on x64 and Linux on arm64: run `npm start`.\n",
  );
  process.exitCode = 1;
}
