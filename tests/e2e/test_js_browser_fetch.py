# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What pages are used to of fetch, with that of assay-js in Chromium: requests of every
kind, responses of every kind, redirects, cookies."""
import json
import re

import js_browser
from js_browser import HOST, BrowserCase

OCTETS = bytes(range(256))

# What an exchange came to; `made` is how the request is made of what was given.
ASK = """async ({given, ...o}) => {
  const made = %s;
  const response = await assay.createAtlsFetch(o)(...await made(given, o));
  const { status, url, redirected, body, headers } = response;
  return {
    status, url, redirected, none: body === null,
    cookies: headers.getSetCookie(),
    again: response.clone().headers.getSetCookie(),
    fields: Object.fromEntries(headers), text: await response.text() };
}"""
PLAIN = "({url, init}) => [url, init]"


class FetchCase(BrowserCase):
    def ask(self, url, made=PLAIN, **init):
        return self.page.do(ASK % made, given={"url": url, "init": init},
                            **self.options())

    def echo(self, made=PLAIN, **init):
        """The request that the server has seen, and the octets of its body."""
        answer = self.ask("/echo", made, **init)
        self.assertEqual(answer["status"], 200)
        return self.seen[-1], json.loads(answer["text"])["body"].encode("latin-1")

    @property
    def seen(self):
        return self.world.backend.requests

    @property
    def paths(self):
        return [request.path for request in self.seen]

    @property
    def origin(self):
        return f"https://{HOST}:{self.world.serve.port}"


class Requests(FetchCase):
    def test_a_request_object(self):
        """Its members go, and its body is read, as fetch does both."""
        text = self.page.do("""async o => {
            const request = new Request(`https://${o.targetHost}/echo?a=b`, {
              method: "PUT", body: "content",
              headers: {"X-Own": "1", "Content-Type": "text/x"}});
            const response = await assay.createAtlsFetch(o)(request);
            window.used = request.bodyUsed;
            return response.json();
        }""", **self.options())
        self.assertEqual((text["method"], text["path"], text["body"]),
                         ("PUT", "/echo?a=b", "content"))
        seen, = self.seen
        self.assertEqual((seen.get("X-Own"), seen.get("Content-Type")),
                         ("1", "text/x"))
        self.assertIs(self.page.do("() => used"), True)

    def test_a_request_object_and_more(self):
        """What is given besides counts, in the place of what it has."""
        seen, body = self.echo("""({url, init}, o) => [
            new Request(`https://${o.targetHost}${url}`, {
              method: "POST", body: "first", headers: {"X-A": "1", "X-B": "1"}}),
            init]""", method="PATCH", body="second", headers={"X-A": "2"})
        self.assertEqual(body, b"second")
        self.assertEqual((seen.method, seen.get("X-A"), seen.get("X-B")),
                         ("PATCH", "2", None))

    def test_a_request_object_of_another_host(self):
        found = self.page.do("""o => failure(assay.createAtlsFetch(o)(
            new Request("https://other.example/", {method: "POST",
                                                   body: "secret"})))""",
                             **self.options())
        self.assertEqual(found["code"], "wrong_host", found)
        self.assertEqual(self.seen, [])

    def test_form_data(self):
        seen, body = self.echo("""({url, init}) => {
            const form = new FormData();
            form.append("name", "grün");
            form.append("name", "two\\r\\nlines");
            form.append("file", new File([new Uint8Array(init.octets)], "a.bin",
                                         {type: "image/x"}));
            return [url, {method: "POST", body: form}];
        }""", octets=list(OCTETS))
        self.assertEqual(parts_of(seen.get("Content-Type"), body), [
            (['form-data; name="name"'], "grün".encode()),
            (['form-data; name="name"'], b"two\r\nlines"),
            (['form-data; name="file"; filename="a.bin"', "image/x"], OCTETS)])

    def test_blobs(self):
        """Their type goes with them, unless another was named; and their length."""
        for headers, kind in (({}, "text/x"),
                              ({"content-type": "text/y"}, "text/y")):
            with self.subTest(kind):
                seen, body = self.echo("""({url, init}) => [url, {
                    method: "POST", headers: init.headers,
                    body: new Blob(["of ", "two"], {type: "text/x"})}]""",
                                       headers=headers)
                self.assertEqual(
                    (seen.get("Content-Type"), seen.get("Content-Length"),
                     body), (kind, "6", b"of two"))

    def test_a_blob_without_a_type(self):
        seen, _ = self.echo("""({url}) => [url, {
            method: "POST", body: new Blob(["x"])}]""")
        self.assertIsNone(seen.get("Content-Type"))

    def test_a_cookie(self):
        """It is the caller's to send; and none comes back by itself."""
        self.echo(headers={"Cookie": "a=1; b=2"})
        self.ask("/cookies")
        self.echo()
        self.assertEqual([seen.get("Cookie") for seen in self.seen],
                         ["a=1; b=2", None, None])


class Responses(FetchCase):
    def test_two_cookies(self):
        """They stay two, in a clone as well; and the page itself has none."""
        answer = self.ask("/cookies")
        self.assertEqual(answer["cookies"], ["a=1; Path=/", "b=2; Path=/"])
        self.assertEqual(answer["again"], answer["cookies"])
        self.assertEqual(self.page.do("() => document.cookie"), "")

    def test_those_without_a_body(self):
        """The connection serves on behind them."""
        self.wait_until(lambda: self.tunnels() == 0)
        before = self.tunnels_ever()
        for url, method, status, name, value in (
                ("/no-content", "GET", 204, "x-a", "b"),
                ("/not-modified", "GET", 304, "content-length", "77"),
                ("/big?100", "HEAD", 200, "content-length", "100")):
            with self.subTest(url):
                answer = self.ask(url, method=method)
                self.assertEqual((answer["status"], answer["none"],
                                  answer["text"]), (status, True, ""))
                self.assertEqual(answer["fields"][name], value)
        answer = self.ask("/big?0")
        self.assertEqual((answer["none"], answer["text"]), (False, ""))
        self.assertEqual(self.tunnels_ever(), before + 1)


class Redirects(FetchCase):
    def test_on_the_host(self):
        """By the rules of fetch about methods and bodies."""
        for status, method, then, body in (
                (301, "POST", "GET", ""), (302, "POST", "GET", ""),
                (303, "PUT", "GET", ""), (307, "POST", "POST", "content"),
                (308, "PUT", "PUT", "content")):
            with self.subTest(status):
                self.world.backend.reset()
                answer = self.ask(f"/redirect?{status}&/echo", method=method,
                                  body="content")
                self.assertEqual((answer["url"], answer["redirected"]),
                                 (f"{self.origin}/echo", True))
                self.assertEqual(json.loads(answer["text"])["body"], body)
                self.assertEqual([seen.method for seen in self.seen],
                                 [method, then])

    def refused(self, location, redirect="follow"):
        """Nobody hears what was to go there."""
        self.world.backend.reset()
        found = self.page.do("""({url, init, ...o}) => failure(
            assay.createAtlsFetch(o)(url, init))""",
            url=f"/redirect?302&{location}", init={
                "redirect": redirect, "headers": {"Authorization": "secret"}},
            **self.options())
        self.assertEqual(found["code"], "redirect_refused", found)
        self.assertEqual(self.paths, [f"/redirect?302&{location}"])

    def test_off_the_host(self):
        pages = self.world.pages
        for location in ("https://other.example/", "//other.example/",
                         f"https://{HOST}/", f"{pages.origin}/other",
                         "data:text/plain,other"):
            with self.subTest(location):
                self.refused(location)
        self.assertFalse([x for x in self.page.ask("asked") if "other" in x])
        self.assertNotIn("/other", pages.server.asked)

    def test_that_are_not_allowed(self):
        self.refused("/echo", "error")

    def test_that_are_the_pages_to_follow(self):
        for location in ("/echo", "https://other.example/"):
            with self.subTest(location):
                self.world.backend.reset()
                answer = self.ask(f"/redirect?302&{location}",
                                  redirect="manual")
                self.assertEqual(
                    (answer["status"], answer["fields"]["location"],
                     answer["redirected"], answer["text"]),
                    (302, location, False, "moved"))
                self.assertEqual(len(self.seen), 1)


class RequestsOfAWorker(Requests):
    worker = True


class ResponsesOfAWorker(Responses):
    worker = True


class RedirectsOfAWorker(Redirects):
    worker = True


def parts_of(kind, body):
    """Of a form: the fields of each, and its octets."""
    boundary = re.fullmatch(r"multipart/form-data; boundary=(\S+)", kind)[1]
    first, *parts, last = body.split(b"--" + boundary.encode())
    assert (first, last.strip()) == (b"", b"--"), (first, last)
    found = []
    for part in parts:
        head, _, octets = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        fields = [line.split(": ", 1)[1]
                  for line in head.decode().split("\r\n")]
        found.append((fields, octets.removesuffix(b"\r\n")))
    return found


if __name__ == "__main__":
    js_browser.main()
