import { haproxyParser, type LineParser } from "#core/haproxy/parser/haproxy-parser.ts";

/** Reads a line of the formats that are known without a configuration. */
export const parseHaproxyLine: LineParser = haproxyParser();
