/** Requests as clients send them who mean well, err, or attack logs; one character a byte. */
export const HOSTILE_REQUESTS: readonly string[] = [
  "GET / HTTP/1.1\r\nHost: a.example\r\nUser-Agent: ua/1 (x; y)\r\nCookie: SID=abc\r\n\r\n",
  'GET /a%20b?q=1&r="x" HTTP/1.1\r\nHost: h\r\n\r\n',
  'POST /x#y{z|w} HTTP/1.1\r\nHost: {a|b}\r\nUser-Agent: "q" \\ ] [ 200 - - ---- 1/1/1/1/1\r\nContent-Length: 2\r\n' +
    'Cookie: SID=a"b c] \\; z=1\r\n\r\nhi',
  "GET /500 HTTP/1.0\r\n\r\n",
  "GARBAGE\r\n\r\n",
  "GET / HTTP/1.1\r\n",
  "GET /bad uri HTTP/1.1\r\nHost: x\r\n\r\n",
  `GET /${"l".repeat(1500)} HTTP/1.1\r\nHost: x\r\nCookie: SID=${"c".repeat(100)}\r\n\r\n`,
  "GET /\xc3\xa9\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
  "GET /u HTTP/1.1\r\nHost: \xff\xfe\r\nUser-Agent: \xc3\xa9 t\tab\r\nCookie: SID=\xc3\xa9\r\n\r\n",
  "GET /k HTTP/1.1\r\nHost: -\r\nUser-Agent: -\r\nCookie: SID=-\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
  "GET http://abs.example/p?q HTTP/1.1\r\nHost: abs.example\r\n\r\n",
  'GET /j HTTP/1.1\r\nHost: x\r\nUser-Agent: ","ST":1,"x":"\r\nCookie: SID=","b":"evil\r\n\r\n',
];
