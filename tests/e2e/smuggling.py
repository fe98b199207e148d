# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""Requests that two readers could read in two ways, and the one answer that
assay-serve has for each. See test_smuggling.py."""

CRLF = "\r\n"
HOST = "Host: localhost\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
NEXT = "GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n"
OPEN, CLOSED = "open", "closed"


def get(fields="", line="GET / HTTP/1.1", host=HOST):
    return line + CRLF + host + fields + CRLF


def post(fields, body="", line="POST / HTTP/1.1", host=HOST):
    return line + CRLF + host + fields + CRLF + body


def chunks(text):
    return post(CHUNKED, text)


# name, octets: answered 400, closed, and nothing of it is acted upon
MALFORMED = (
    # two framings
    ("length and chunks", post("Content-Length: 5\r\n" + CHUNKED,
                               "0\r\n\r\n")),
    ("chunks and length", post(CHUNKED + "Content-Length: 5\r\n",
                               "0\r\n\r\n")),
    ("length 0 and chunks", post("Content-Length: 0\r\n" + CHUNKED,
                                 "0\r\n\r\n")),
    ("two lengths", post("Content-Length: 5\r\nContent-Length: 0\r\n",
                         "hello")),
    ("the same length twice", post("Content-Length: 5\r\n" * 2, "hello")),
    ("lengths in a list", post("Content-Length: 5, 5\r\n", "hello")),
    ("lengths with other case", post("Content-Length: 5\r\n"
                                     "CONTENT-LENGTH: 0\r\n", "hello")),
    ("two codings", post(CHUNKED * 2, "0\r\n\r\n")),
    ("chunked twice", post("Transfer-Encoding: chunked, chunked\r\n",
                           "0\r\n\r\n")),
    ("coding without a value", post("Transfer-Encoding:\r\n", "0\r\n\r\n")),
    ("coding of commas", post("Transfer-Encoding: ,\r\n", "0\r\n\r\n")),
    ("chunks in 1.0", post(CHUNKED, "0\r\n\r\n", "POST / HTTP/1.0")),
    # lengths
    ("length with a plus", post("Content-Length: +5\r\n", "hello")),
    ("length with a minus", post("Content-Length: -5\r\n", "hello")),
    ("length in hex", post("Content-Length: 0x5\r\n", "hello")),
    ("length in bare hex", post("Content-Length: a\r\n", "0123456789")),
    ("length with a blank in it", post("Content-Length: 5 5\r\n", "hello")),
    ("length with a point", post("Content-Length: 5.0\r\n", "hello")),
    ("length with an exponent", post("Content-Length: 1e1\r\n", "hello")),
    ("length with a parameter", post("Content-Length: 5;x\r\n", "hello")),
    ("length in quotes", post('Content-Length: "5"\r\n', "hello")),
    ("no length", post("Content-Length:\r\n", "hello")),
    ("length in words", post("Content-Length: five\r\n", "hello")),
    ("length that wraps", post("Content-Length: 18446744073709551621\r\n",
                               "hello")),
    ("length with a NUL", post("Content-Length: 5\0\r\n", "hello")),
    ("length with a vertical tab", post("Content-Length: \x0b5\r\n", "hello")),
    ("length in other digits", post("Content-Length: \xb2\r\n", "he")),
    # codings that some trim
    ("coding behind a vertical tab", post("Transfer-Encoding: \x0bchunked\r\n",
                                          "0\r\n\r\n")),
    ("coding before a NUL", post("Transfer-Encoding: chunked\0\r\n",
                                 "0\r\n\r\n")),
    ("coding on a folded line", post("Transfer-Encoding:\r\n chunked\r\n",
                                     "0\r\n\r\n")),
    ("blank before the colon", post("Transfer-Encoding : chunked\r\n",
                                    "0\r\n\r\n")),
    ("tab before the colon", post("Transfer-Encoding\t: chunked\r\n",
                                  "0\r\n\r\n")),
    ("blank before the name", post(" Transfer-Encoding: chunked\r\n",
                                   "0\r\n\r\n")),
    ("first field folded", get(host=" Host: localhost\r\n")),
    ("length, blank before the colon", post("Content-Length : 5\r\n",
                                            "hello")),
    # lines
    ("bare LF everywhere", get().replace("\r\n", "\n")),
    ("bare LF behind the first line", get().replace("\r\n", "\n", 1)),
    ("bare LF behind a field", get("X: y\nContent-Length: 5\r\n")),
    ("bare CR in a field", get("X: y\rContent-Length: 5\r\n")),
    ("bare CR before CR LF", get("X: y\r\r\n")),
    ("bare LF for the empty line", get()[:-2] + "\n"),
    ("two empty lines before it", "\r\n\r\n" + get()),
    ("NUL in a name", get("X\0Y: z\r\n")),
    ("NUL in a value", get("X: y\0z\r\n")),
    ("escape in a value", get("X: \x1b[0m\r\n")),
    ("DEL in a value", get("X: \x7f\r\n")),
    ("obs-fold", get("X: y\r\n z\r\n")),
    ("no colon", get("X\r\n")),
    ("no name", get(": y\r\n")),
    ("blank in a name", get("X Y: z\r\n")),
    ("name that is no ASCII", get("X\xe4: z\r\n")),
    ("name in brackets", get("(X): z\r\n")),
    ("a request for a field", get("GET /smuggled HTTP/1.1\r\n")),
    # request lines
    ("HTTP/0.9", "GET /\r\n\r\n"),
    ("version in lower case", get(line="GET / http/1.1")),
    ("version with two digits", get(line="GET / HTTP/1.10")),
    ("version without a point", get(line="GET / HTTP/11")),
    ("version of another protocol", get(line="GET / ICY/1.1")),
    ("blank in a target", get(line="GET /a b HTTP/1.1")),
    ("tab in place of a blank", get(line="GET\t/ HTTP/1.1")),
    ("two blanks", get(line="GET  / HTTP/1.1")),
    ("two blanks before the version", get(line="GET /  HTTP/1.1")),
    ("blank before the method", get(line=" GET / HTTP/1.1")),
    ("blank behind the version", get(line="GET / HTTP/1.1 ")),
    ("method that is no token", get(line="GE(T / HTTP/1.1")),
    ("no method", get(line=" / HTTP/1.1")),
    ("NUL in a target", get(line="GET /\0 HTTP/1.1")),
    ("target that is no ASCII", get(line="GET /\xe4 HTTP/1.1")),
    ("fragment", get(line="GET /#x HTTP/1.1")),
    ("target without a slash", get(line="GET index HTTP/1.1")),
    ("GET of *", get(line="GET * HTTP/1.1")),
    ("GET of an authority", get(line="GET localhost:80 HTTP/1.1")),
    ("absolute-form of another host", get(line="GET http://evil/ HTTP/1.1")),
    ("absolute-form with a user", get(
        line="GET http://localhost@evil/ HTTP/1.1")),
    ("absolute-form with another port", get(
        line="GET http://localhost:81/ HTTP/1.1")),
    ("absolute-form without a host", get(line="GET http:/// HTTP/1.1")),
    ("CONNECT with a body", post("Content-Length: 5\r\n", "hello",
                                 "CONNECT localhost:80 HTTP/1.1")),
    # hosts
    ("no Host", get(host="")),
    ("two Hosts", get(host=HOST * 2)),
    ("two different Hosts", get(host=HOST + "Host: evil\r\n")),
    ("Hosts in a list", get(host="Host: localhost, evil\r\n")),
    ("Host with a user", get(host="Host: a@localhost\r\n")),
    ("Host with a path", get(host="Host: localhost/a\r\n")),
    ("Host with a blank", get(host="Host: local host\r\n")),
    ("Host with a scheme", get(host="Host: http://localhost\r\n")),
    ("Host with an escape", get(host="Host: %6cocalhost\r\n")),
    ("Host with a large port", get(host="Host: localhost:65536\r\n")),
    ("Host with an empty port", get(host="Host: localhost:\r\n")),
    ("Host with a port in words", get(host="Host: localhost:x\r\n")),
    ("Host with an open bracket", get(host="Host: [::1\r\n")),
    ("Host on a folded line", get(host="Host:\r\n localhost\r\n")),
    # what would be dropped on the way
    ("Connection names Content-Length", post(
        "Connection: Content-Length\r\nContent-Length: 5\r\n", "hello")),
    ("Connection names Host", get("Connection: close, Host\r\n")),
)

# The head is fine, the body is not.
BODIES = (
    ("chunk size with a blank behind", chunks("5 \r\nhello\r\n0\r\n\r\n")),
    ("chunk size with a blank before", chunks(" 5\r\nhello\r\n0\r\n\r\n")),
    ("chunk size with a plus", chunks("+5\r\nhello\r\n0\r\n\r\n")),
    ("chunk size with a minus", chunks("-0\r\n\r\n")),
    ("chunk size with 0x", chunks("0x5\r\nhello\r\n0\r\n\r\n")),
    ("chunk size with an underscore", chunks("1_0\r\nhello\r\n0\r\n\r\n")),
    ("no chunk size", chunks("\r\nhello\r\n0\r\n\r\n")),
    ("chunk size that wraps", chunks("10000000000000005\r\nhello\r\n0\r\n\r\n")),
    ("chunk size with 17 zeros", chunks("00000000000000000\r\n\r\n")),
    ("chunk size before bare LF", chunks("5\nhello\r\n0\r\n\r\n")),
    ("chunk size before bare CR", chunks("5\rhello\r\n0\r\n\r\n")),
    ("extension with bare LF", chunks("5;a\nhello\r\n0\r\n\r\n")),
    ("extension with NUL", chunks("5;a\0\r\nhello\r\n0\r\n\r\n")),
    ("extension that is long", chunks("5;" + "a" * 2000 + "\r\nhello\r\n")),
    ("chunk without its end", chunks("5\r\nhello0\r\n\r\n")),
    ("chunk before bare LF", chunks("5\r\nhello\n0\r\n\r\n")),
    ("chunk longer than its size", chunks("5\r\nhello!\r\n0\r\n\r\n")),
    ("last chunk before bare LF", chunks("0\n\n")),
    ("end of bare LF", chunks("0\r\n\n")),
    ("trailer folded", chunks("0\r\nX: y\r\n z\r\n\r\n")),
    ("trailer with a blank before the colon", chunks("0\r\nX : y\r\n\r\n")),
    ("trailer that is a request", chunks("0\r\n" + NEXT)),
    ("trailer with bare LF", chunks("0\r\nX: y\n\r\n")),
)

# name, octets, answers, what the backend gets (request line and body), then
ROWS = (
    ("other versions", get(line="GET / HTTP/1.2"), [505], [], CLOSED),
    ("version 2", get(line="GET / HTTP/2.0"), [505], [], CLOSED),
    ("preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [505], [],
     CLOSED),
    ("other coding", post("Transfer-Encoding: gzip\r\n", "x"), [501], [],
     CLOSED),
    ("identity", post("Transfer-Encoding: identity\r\n", "x"), [501], [],
     CLOSED),
    ("another before it", post("Transfer-Encoding: gzip, chunked\r\n",
                               "0\r\n\r\n"), [501], [], CLOSED),
    ("another behind it", post("Transfer-Encoding: chunked, identity\r\n",
                               "0\r\n\r\n"), [501], [], CLOSED),
    ("coding with a parameter", post("Transfer-Encoding: chunked;q=1\r\n",
                                     "0\r\n\r\n"), [501], [], CLOSED),
    ("coding in quotes", post('Transfer-Encoding: "chunked"\r\n',
                              "0\r\n\r\n"), [501], [], CLOSED),
    ("coding misspelt", post("Transfer-Encoding: xchunked\r\n",
                             "0\r\n\r\n"), [501], [], CLOSED),
    ("long head", get("X: " + "x" * 70000 + "\r\n"), [431], [], CLOSED),
    ("many fields", get("X: y\r\n" * 101), [431], [], CLOSED),
    ("long target", get(line="GET /" + "x" * 9000 + " HTTP/1.1"), [414], [],
     CLOSED),
    ("CONNECT", get(line="CONNECT localhost:80 HTTP/1.1"), [501], [], OPEN),
    # one empty line may stand before a request
    ("an empty line before it", "\r\n" + get(), [200], [("GET / HTTP/1.1", "")],
     OPEN),
    ("coding in upper case", post("Transfer-Encoding: CHUNKED\r\n",
                                  "2\r\nhi\r\n0\r\n\r\n"), [200],
     [("POST / HTTP/1.1", "hi")], OPEN),
    ("coding with blanks around", post("Transfer-Encoding: \t chunked \t\r\n",
                                       "2\r\nhi\r\n0\r\n\r\n"), [200],
     [("POST / HTTP/1.1", "hi")], OPEN),
    ("GET with a body", get("Content-Length: 2\r\n") + "hi", [200],
     [("GET / HTTP/1.1", "hi")], OPEN),
    ("body that looks like a request", post(
        f"Content-Length: {len(NEXT)}\r\n", NEXT), [200],
     [("POST / HTTP/1.1", NEXT)], OPEN),
    ("chunk that looks like the end", chunks("5\r\n0\r\n\r\n\r\n0\r\n\r\n"),
     [200], [("POST / HTTP/1.1", "0\r\n\r\n")], OPEN),
    ("extensions", chunks('2;a;b="c"\r\nhi\r\n0;x\r\n\r\n'), [200],
     [("POST / HTTP/1.1", "hi")], OPEN),
    ("trailers that frame", chunks("2\r\nhi\r\n0\r\nContent-Length: 50\r\n"
                                   "Transfer-Encoding: x\r\n\r\n"), [200],
     [("POST / HTTP/1.1", "hi")], OPEN),
    ("underscores that frame", post("Content_Length: 50\r\n"
                                    "Transfer_Encoding: chunked\r\n"
                                    "Content-Length: 2\r\n", "hi"), [200],
     [("POST / HTTP/1.1", "hi")], OPEN),
    ("Connection names Transfer-Encoding", post(
        "Connection: Transfer-Encoding\r\n" + CHUNKED,
        "2\r\nhi\r\n0\r\n\r\n"), [200], [("POST / HTTP/1.1", "hi")], OPEN),
    ("Connection names what we say", get(
        "Connection: X-Forwarded-For, Authorization\r\n"
        "Authorization: x\r\n"), [200], [("GET / HTTP/1.1", "")], OPEN),
    ("h2c", get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                "HTTP2-Settings: AAMAAABk\r\n"), [200],
     [("GET / HTTP/1.1", "")], OPEN),
    ("method in lower case", get(line="get / HTTP/1.1"), [200],
     [("get / HTTP/1.1", "")], OPEN),
    ("absolute-form", get(line="GET http://localhost/a HTTP/1.1"), [200],
     [("GET /a HTTP/1.1", "")], OPEN),
    ("absolute-form of OPTIONS", get(
        line="OPTIONS http://localhost HTTP/1.1"), [200],
     [("OPTIONS * HTTP/1.1", "")], OPEN),
    ("empty Host", get(host="Host:\r\n"), [200], [("GET / HTTP/1.1", "")],
     OPEN),
    ("Host of IPv6", get(host="Host: [::1]:80\r\n"), [200],
     [("GET / HTTP/1.1", "")], OPEN),
    ("1.0 without Host", "GET / HTTP/1.0\r\n\r\n", [200],
     [("GET / HTTP/1.1", "")], CLOSED),
    ("1.0 that stays", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
     [200], [("GET / HTTP/1.1", "")], OPEN),
    ("last one", get("Connection: close\r\n"), [200],
     [("GET / HTTP/1.1", "")], CLOSED),
    ("last one, in a list", get("Connection: keep-alive, close\r\n"), [200],
     [("GET / HTTP/1.1", "")], CLOSED),
    ("expectation that is met", post("Expect: 100-continue\r\n"
                                     "Content-Length: 2\r\n", "hi"),
     [200], [("POST / HTTP/1.1", "hi")], OPEN),
    ("expectation in a list", post("Expect: x, 100-continue\r\n"
                                   "Content-Length: 2\r\n", "hi"),
     [200], [("POST / HTTP/1.1", "hi")], OPEN),
    ("expectation without a body", get("Expect: 100-continue\r\n"), [200],
     [("GET / HTTP/1.1", "")], OPEN),
    # our own path, spelt so that others might take it for it
    ("own path, two slashes", get(line="GET //tdx_quote HTTP/1.1"), [400], [],
     OPEN),
    ("own path, escaped", get(line="GET /%74dx_quote HTTP/1.1"), [400], [],
     OPEN),
    ("own path, dots", get(line="GET /./tdx_quote HTTP/1.1"), [400], [], OPEN),
    ("own path, with a query", get(line="GET /tdx_quote?x HTTP/1.1"), [400],
     [], OPEN),
    ("own path, absolute", get(line="GET http://localhost/tdx_quote HTTP/1.1"),
     [400], [], OPEN),
    ("own path, other method", get(line="PUT /tdx_quote HTTP/1.1"), [405], [],
     OPEN),
    ("own path, body that makes no sense", post(
        "Content-Length: 2\r\n", "{}", "POST /tdx_quote HTTP/1.1"), [400], [],
     OPEN),
)
