import type { LogFormat } from "#core/haproxy/log-format/log-format.ts";
import { readFixedFormat, readLogFormat } from "#core/haproxy/log-format/read-log-format.ts";
import { once } from "#core/once.ts";

const HTTPLOG =
  "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r";
const ERROR = "%[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc";

/** What the options of haproxy.cfg stand for (configuration manual, sections 8.2.2 to 8.2.4), by the options' words. */
export const OPTION_TEXTS = {
  httplog: HTTPLOG,
  httpslog: `${HTTPLOG} ${ERROR}`,
  tcplog: "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq",
  clf:
    '%{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc %bc %sc %rc %sq %bq ' +
    "%CC %CS %hrl %hsl",
  "tcplog-clf":
    '%{+Q}o %{-Q}ci - - [%T] "TCP " 000 %B "" "" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U %ts-- %ac %fc %bc %sc %rc %sq %bq ' +
    '"" "" ',
} as const;

export type FormatOption = keyof typeof OPTION_TEXTS;

/*
 * Formats are taken apart when they are first asked for, which takes
 * milliseconds that a process without log lines saves.
 */

export const optionFormat = (option: FormatOption): LogFormat =>
  optionFormats().find(({ name }) => name === option) as LogFormat;

/** In the order of the texts. */
export const optionFormats = once((): readonly LogFormat[] =>
  Object.entries(OPTION_TEXTS).map(([option, text]) => readLogFormat(option, text)),
);

/** The JSON that Vamp generated into its gateways. */
export const vampFormats = once((): readonly LogFormat[] => [
  readLogFormat(
    "vamp-http",
    '{"ci":"%ci","cp":%cp,"t":"%t","ft":"%ft","b":"%b","s":"%s","Tq":%Tq,"Tw":%Tw,"Tc":%Tc,"Tr":%Tr,"Tt":%Tt,' +
      '"ST":%ST,"B":%B,"CC":"%CC","CS":"%CS","tsc":"%tsc","ac":%ac,"fc":%fc,"bc":%bc,"sc":%sc,"rc":%rc,' +
      '"sq":%sq,"bq":%bq,"hr":"%hr","hs":"%hs","r":%{+Q}r}',
  ),
  readLogFormat(
    "vamp-tcp",
    '{"ci":"%ci","cp":%cp,"t":"%t","ft":"%ft","b":"%b","s":"%s","Tw":%Tw,"Tc":%Tc,"Tt":%Tt,"B":%B,"ts":"%ts",' +
      '"ac":%ac,"fc":%fc,"bc":%bc,"sc":%sc,"rc":%rc,"sq":%sq,"bq":%bq}',
  ),
]);

/** The example of an error-log-format in the manual's section 8.2.5, which many take as it is. */
const MANUAL_ERROR_TEXT = `%ci:%cp [%tr] %ft %ac/%fc ${ERROR}`;

/**
 * What HAProxy writes of itself: a connection that failed before it was a request; a frontend without any log option.
 */
export const fixedFormats = once((): readonly LogFormat[] => [
  readFixedFormat("connerror", "%ci:%cp [%t] %f/%listener: %message"),
  readFixedFormat("default", "Connect from %ci:%cp to %fi:%fp (%f/%mode)"),
]);

/** All formats that are known without a configuration. */
export const builtInFormats = once((): readonly LogFormat[] => [
  ...optionFormats(),
  ...vampFormats(),
  readLogFormat("error-log-format", MANUAL_ERROR_TEXT),
  ...fixedFormats(),
]);
