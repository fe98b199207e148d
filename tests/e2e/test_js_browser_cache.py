# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""What assay-js keeps in Chromium's IndexedDB, and what comes of it."""
import js_browser
from js_browser import BrowserCase, Pages
from js_source import Source

PARTS = 4  # that a source is asked for: TCB info, identity, two CRLs
KEPT = """() => new Promise((resolve, reject) => {
  const opening = indexedDB.open("assay", 1);
  opening.onerror = () => reject(opening.error);
  opening.onupgradeneeded = () => opening.transaction.abort();
  opening.onsuccess = () => {
    const db = opening.result;
    const all = db.transaction("collateral").objectStore("collateral").getAll();
    all.onsuccess = () => {
      db.close();
      resolve(all.result.map(({bundle}) => bundle.length));
    };
  };
})"""
SPOIL = """({how}) => new Promise((resolve, reject) => {
  const opening = indexedDB.open("assay", 1);
  opening.onsuccess = () => {
    const db = opening.result;
    const work = db.transaction("collateral", "readwrite");
    const cursor = work.objectStore("collateral").openCursor();
    cursor.onsuccess = () => {
      const at = cursor.result;
      if (at === null) return;
      const {bundle} = at.value;
      if (how === "bit") bundle[bundle.length >> 1] ^= 1;
      at.update({
        bit: {bundle, at: 1},
        empty: {bundle: new Uint8Array(0), at: 1},
        noise: {bundle: crypto.getRandomValues(new Uint8Array(999)), at: 1},
        text: {bundle: "no octets", at: "no time"},
        nothing: {},
      }[how]);
      at.continue();
    };
    work.oncomplete = () => { db.close(); resolve(); };
    work.onerror = () => reject(work.error);
  };
})"""


class CacheCase(BrowserCase):
    def setUp(self):
        super().setUp()
        self.source = self.enterContext(Source(self.world.sim))
        self.pages = self.enterContext(Pages())  # and so an empty database

    @property
    def policy(self):
        return {**self.world.policy, "cache_collateral": True}

    def options(self, **more):
        return super().options(**{"collateral": self.source.url,
                                  "policy": self.policy, **more})

    def visit(self, **more):
        """A new page, which makes one request: what the source was asked."""
        self.source.asked.clear()
        page = self.open(self.pages.plain)
        self.works(page, **more)
        return page, len(self.source.asked)

    def kept(self, page):
        return page.do(KEPT)


class Cache(CacheCase):
    def test_a_second_page_asks_nobody(self):
        page, asked = self.visit()
        self.assertGreaterEqual(asked, PARTS)
        self.wait_until(lambda: self.kept(page))
        page.close()
        for _ in range(2):
            page, asked = self.visit()
            self.assertEqual(asked, 0)
        self.assertEqual(len(self.kept(page)), 1)

    def test_it_serves_while_the_source_is_gone(self):
        page, _ = self.visit()
        self.wait_until(lambda: self.kept(page))
        self.source.alter = lambda path, body: b""
        _, asked = self.visit()
        self.assertEqual(asked, 0)

    def test_nothing_is_kept_where_it_is_not_wanted(self):
        for more in ({"cache": False}, {"policy": {
                **self.policy, "cache_collateral": False}}):
            with self.subTest(more):
                for _ in range(2):
                    page, asked = self.visit(**more)
                    self.assertGreaterEqual(asked, PARTS)
                    # by now it would have been kept
                    self.works(page, **more)
                    self.assertEqual(self.kept(page), [])

    def test_what_was_spoilt_is_asked_for_anew(self):
        page, _ = self.visit()
        self.wait_until(lambda: self.kept(page))
        good = self.kept(page)
        for how in ("bit", "empty", "noise", "text", "nothing"):
            with self.subTest(how):
                page.do(SPOIL, how=how)
                page, asked = self.visit()
                self.assertGreaterEqual(asked, PARTS)
                self.wait_until(lambda: self.mended(good))

    def mended(self, good):
        page = self.open(self.pages.plain)
        try:
            return self.kept(page) == good
        finally:
            page.close()

    def test_an_evaluation_that_was_overtaken(self):
        """What one page has seen, the next one holds against its source."""
        self.addCleanup(self.world.sim.change, "reset")
        page, _ = self.visit(cache=False)
        page.close()
        self.world.sim.change("overtaken")
        self.world.backend.reset()
        page = self.open(self.pages.plain)
        found = self.failure(page, cache=False)
        self.assertEqual(found["code"], "not_trusted", found)
        self.assertEqual(found["failed"], ["collateral_rollback"])
        self.assertEqual(self.world.backend.requests, [])
        stranger = self.enterContext(Pages())  # who has seen nothing
        self.works(self.open(stranger.plain), cache=False)


class CacheInAWorker(Cache):
    worker = True


class NoCache(CacheCase):
    """Only what a page can do to itself."""

    def test_a_browser_that_keeps_nothing(self):
        """It asks each time, and that is all."""
        for _ in range(2):
            self.source.asked.clear()
            page = self.open(self.pages.plain)
            page.do("""() => Object.defineProperty(window, "indexedDB", {get() {
                throw new DOMException("not here", "SecurityError"); }})""")
            self.works(page)
            self.assertGreaterEqual(len(self.source.asked), PARTS)


if __name__ == "__main__":
    js_browser.main()
