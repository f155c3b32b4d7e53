import type { LogFormat } from "#core/haproxy/log-format/log-format.ts";
import { readFixedFormat, readLogFormat } from "#core/haproxy/log-format/read-log-format.ts";

const HTTPLOG =
  "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r";
const ERROR = "%[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc";

/** What the options of haproxy.cfg stand for (configuration manual, sections 8.2.2 to 8.2.4), by the options' words. */
export const OPTION_FORMATS = {
  httplog: readLogFormat("httplog", HTTPLOG),
  httpslog: readLogFormat("httpslog", `${HTTPLOG} ${ERROR}`),
  tcplog: readLogFormat("tcplog", "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq"),
  clf: readLogFormat(
    "clf",
    '%{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc %bc %sc %rc %sq %bq ' +
      "%CC %CS %hrl %hsl",
  ),
  "tcplog-clf": readLogFormat(
    "tcplog-clf",
    '%{+Q}o %{-Q}ci - - [%T] "TCP " 000 %B "" "" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U %ts-- %ac %fc %bc %sc %rc %sq %bq ' +
      '"" "" ',
  ),
} as const satisfies Readonly<Record<string, LogFormat>>;

/** The JSON that Vamp generated into its gateways. */
export const VAMP_FORMATS: readonly LogFormat[] = [
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
];

/** The example of an error-log-format in the manual's section 8.2.5, which many take as it is. */
export const MANUAL_ERROR_FORMAT = readLogFormat("error-log-format", `%ci:%cp [%tr] %ft %ac/%fc ${ERROR}`);

/** What HAProxy writes of itself: a connection that failed before it was a request; a frontend without any log option. */
export const FIXED_FORMATS: readonly LogFormat[] = [
  readFixedFormat("connerror", "%ci:%cp [%t] %f/%listener: %message"),
  readFixedFormat("default", "Connect from %ci:%cp to %fi:%fp (%f/%mode)"),
];

/** All formats that are known without a configuration. */
export const BUILT_IN_FORMATS: readonly LogFormat[] = [
  ...Object.values(OPTION_FORMATS),
  ...VAMP_FORMATS,
  MANUAL_ERROR_FORMAT,
  ...FIXED_FORMATS,
];
