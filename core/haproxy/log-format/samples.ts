import type { FieldKind } from "#core/events/types/event-types.ts";
import { emptyUnder, JSON_VALUE, METHOD_CHARACTERS, NAME_CHARACTERS } from "#core/haproxy/log-format/aliases.ts";
import type { LogFlags, PrintedValue, ValueKind } from "#core/haproxy/log-format/log-format.ts";
import type { SampleConverter, SampleExpression } from "#core/haproxy/log-format/sample-expression.ts";

/*
 * What a sample expression prints (configuration manual, sections 7.3.1 to 7.3.7). What is not known here is text that
 * a client may have written, which is true of most, and the careful assumption for the rest.
 */

type Known =
  | "boolean"
  | "integer"
  | "ip"
  | "port"
  | "name"
  | "method"
  | "word"
  | "server-name"
  | "encoded"
  | "base64"
  | "text"
  | "hex"
  | "json-string";

const words = (list: string): ReadonlySet<string> => new Set(list.trim().split(/\s+/));

const BOOLEANS = words(`
  always_false always_true bc_reused bs.aborted dst_is_local fc_dst_is_local fc_rcvd_proxy fc_src_is_local fs.aborted
  http_auth http_first_req quic_enabled req.proto_http req_proto_http res.cache_hit res.comp src_is_local srv_is_up ssl_bc
  ssl_bc_is_resumed ssl_c_used ssl_fc ssl_fc_has_crt ssl_fc_has_early ssl_fc_has_sni ssl_fc_is_resumed stopping
  txn.redispatched wait_end bool
`);

const INTEGERS = words(`
  accept_date act_conn avg_queue base32 bc_be_queue bc_err bc_glitches bc_http_major bc_nb_streams bc_rtt bc_rttvar
  bc_srv_queue be_conn be_conn_free be_id be_max_retries be_sess_rate bs.id bs.rst_code bytes_in bytes_out connslots
  cook_cnt cook_val cpu_calls cpu_ns_avg cpu_ns_tot cur_max_retries date date_us distcc_param dst_conn fc_err fc_fackets
  fc_glitches fc_http_major fc_lost fc_nb_streams fc_reordering fc_retrans fc_rtt fc_rttvar fc_sacked fc_unacked fe_conn
  fe_id fe_req_rate fe_sess_rate fs.id fs.rst_code hdr_cnt hdr_val int last_rule_line lat_ns_avg lat_ns_tot nbsrv pid
  prio_class prio_offset proc queue rand req.body_len req.body_size req.bytes_in req.bytes_out req.cook_cnt req.cook_val
  req.fhdr_cnt req.hdr_cnt req.hdr_val req.len req.ssl_hello_type req.ssl_st_ext req.ssl_ver req_len request_date
  res.body_len res.body_size res.bytes_in res.bytes_out res.cook_cnt res.cook_val res.fhdr_cnt res.hdr_cnt res.hdr_val
  res.len res.ssl_hello_type server_status so_id srv_conn srv_conn_free srv_id srv_iweight srv_queue srv_sess_rate
  srv_uweight srv_weight ssl_bc_alg_keysize ssl_bc_err ssl_bc_use_keysize ssl_c_ca_err ssl_c_ca_err_depth ssl_c_err
  ssl_c_verify ssl_c_version ssl_f_version ssl_fc_alg_keysize ssl_fc_cipherlist_xxh ssl_fc_err ssl_fc_protocol_hello_id
  ssl_fc_use_keysize ssl_s_version status table_avl table_cnt thread txn.conn_retries txn.id32 txn.status uptime url32
  urlp_val
`);

/** `sc0_conn_rate`, `src_bytes_in_rate`, `fc.timer.total`, `be_server_timeout` … */
const INTEGER_FAMILY =
  /^(?:(?:sc[0-2]?|src)_(?!key$|is_|port$|tracked$)\w+|\w+\.timer\.\w+|\w+_timeout|internal\.htx\.\w+)$/;
const TRACKED = /^sc[0-2]?_tracked$/;
const PORTS = words("bc_dst_port bc_src_port dst_port fc_dst_port fc_src_port src_port url_port");
const ADDRESSES = words("bc_dst bc_src dst fc_dst fc_src src");

const NAMES = words(`
  be_name fe_defbe fe_name hostname res.comp_algo so_name srv_name ssl_bc_protocol ssl_c_notafter
  ssl_c_notbefore ssl_f_notafter ssl_f_notbefore ssl_fc_protocol ssl_s_notafter ssl_s_notbefore
  txn.sess_term_state uuid
`);
const METHODS = words("capture.req.method method");
const WORDS = words(`
  bc_err_name fc_err_name res.cache_name ssl_bc_cipher ssl_bc_curve ssl_c_key_alg ssl_c_sig_alg ssl_f_key_alg ssl_f_sig_alg
  ssl_fc_cipher ssl_fc_curve ssl_s_key_alg ssl_s_sig_alg
`);
/** A name, unless the client is hostile: then anything, spaces and quotes too. */
const SERVER_NAMES = words("ssl_fc_sni ssl_bc_sni req.ssl_sni req_ssl_sni");

/** Without spaces, but with slashes: `HTTP/1.1`. */
const ENCODED = words(`
  capture.req.ver capture.res.ver req.ver req_ver res.ver resp_ver ssl_fc_alpn ssl_bc_alpn ssl_fc_npn ssl_bc_npn
  req.ssl_alpn ssl_fc_crtname unique-id
`);

const INTEGER_CONVERTERS = words(`
  add and cpl crc32 crc32c date div djb2 hex2i htonl jwt_verify jwt_verify_cert length mod mul nbsrv neg or port_only sdbm
  srv_queue strcmp sub wt6 xor xxh3 xxh32 xxh64
`);
const INTEGER_CONVERTER_FAMILY =
  /^(?:table_\w+|tcp\.(?!options_list)[\w.]+|ip\.(?:df|proto|tos|ttl|ver)|eth\.(?:proto|vlan))$/;
const BOOLEAN_CONVERTERS = words(
  "bool even fe_exists fix_is_valid has_ctl in_table mqtt_is_valid not odd rfc7239_is_valid secure_memcmp srv_is_up",
);
const SAME_CONVERTERS = words("debug set-var unset-var when lower upper word field bytes ltrim rtrim");

function knownOfFetch(keyword: string): Known {
  if (BOOLEANS.has(keyword) || TRACKED.test(keyword)) return "boolean";
  if (INTEGERS.has(keyword) || INTEGER_FAMILY.test(keyword)) return "integer";
  if (PORTS.has(keyword)) return "port";
  if (ADDRESSES.has(keyword)) return "ip";
  if (NAMES.has(keyword)) return "name";
  if (METHODS.has(keyword)) return "method";
  if (WORDS.has(keyword)) return "word";
  if (SERVER_NAMES.has(keyword)) return "server-name";
  return ENCODED.has(keyword) ? "encoded" : "text";
}

function knownAfter(before: Known, { name }: SampleConverter): Known {
  if (SAME_CONVERTERS.has(name)) return before === "json-string" ? "text" : before;
  if (INTEGER_CONVERTERS.has(name) || INTEGER_CONVERTER_FAMILY.test(name)) return "integer";
  if (BOOLEAN_CONVERTERS.has(name)) return "boolean";
  if (name === "hex") return "hex";
  if (name === "json") return "json-string";
  if (name === "base64" || name === "ub64enc") return "base64";
  if (name === "url_enc") return "encoded";
  if (name === "ipmask") return "ip";
  return "text";
}

const KINDS: Readonly<Record<Known, ValueKind>> = {
  boolean: "number",
  integer: "number",
  port: "port",
  ip: "ip",
  name: "word",
  method: "word",
  word: "word",
  "server-name": "word",
  encoded: "encoded",
  base64: "encoded",
  text: "text",
  hex: "hex",
  "json-string": "text",
};

const CHARACTERS: Readonly<Partial<Record<Known, string>>> = {
  name: NAME_CHARACTERS,
  method: METHOD_CHARACTERS,
  base64: "\\w+/=-",
  "server-name": "\\s\\S",
};

const TYPES: Readonly<Partial<Record<Known, FieldKind>>> = { boolean: "long", integer: "long", port: "integer" };

/** How a sample expression is printed under these flags, and indexed. Truth values are printed as 0 and 1. */
export function valueOfSample(
  { keyword, converters }: SampleExpression,
  flags: LogFlags,
): { value: PrintedValue; type: FieldKind } {
  const known = converters.reduce(knownAfter, knownOfFetch(keyword));
  if (flags.json) return { value: JSON_VALUE, type: known === "boolean" ? "boolean" : (TYPES[known] ?? "keyword") };
  const value: PrintedValue = {
    kind: KINDS[known],
    quoted: flags.Q,
    escape: flags.E ? "backslash" : known === "json-string" ? "json" : "none",
    whenEmpty: emptyUnder(flags),
    ...(CHARACTERS[known] !== undefined && { characters: CHARACTERS[known] }),
  };
  return { value, type: TYPES[known] ?? "keyword" };
}
