import { type LogTemplate, logTemplate } from "#core/haproxy/log-template.ts";

const HTTPLOG =
  "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r";

/**
 * The formats that are known without a configuration: HAProxy's own (configuration manual, section 8.2) and the JSON that
 * Vamp generated. The first that fits a line is the line's.
 */
export const LOG_FORMATS: readonly LogTemplate[] = [
  logTemplate("httplog", HTTPLOG),
  logTemplate(
    "httpslog",
    `${HTTPLOG} %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc`,
  ),
  logTemplate("tcplog", "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq"),
  logTemplate(
    "vamp-http",
    '{"ci":"%ci","cp":%cp,"t":"%t","ft":"%ft","b":"%b","s":"%s","Tq":%Tq,"Tw":%Tw,"Tc":%Tc,"Tr":%Tr,"Tt":%Tt,' +
      '"ST":%ST,"B":%B,"CC":"%CC","CS":"%CS","tsc":"%tsc","ac":%ac,"fc":%fc,"bc":%bc,"sc":%sc,"rc":%rc,' +
      '"sq":%sq,"bq":%bq,"hr":"%hr","hs":"%hs","r":%{+Q}r}',
  ),
  logTemplate(
    "vamp-tcp",
    '{"ci":"%ci","cp":%cp,"t":"%t","ft":"%ft","b":"%b","s":"%s","Tw":%Tw,"Tc":%Tc,"Tt":%Tt,"B":%B,"ts":"%ts",' +
      '"ac":%ac,"fc":%fc,"bc":%bc,"sc":%sc,"rc":%rc,"sq":%sq,"bq":%bq}',
  ),
  logTemplate("connerror", "%ci:%cp [%t] %f/%listener: %message"),
  logTemplate("default", "Connect from %ci:%cp to %fi:%fp (%f/%mode)"),
];
