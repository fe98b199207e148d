# SPDX-FileCopyrightText: The Assay authors
# SPDX-License-Identifier: Apache-2.0
"""assay completion: what shells complete is what --help tells of."""
import re
import subprocess

from harness import TRUSTED, USAGE, Case, clean_environment, main, run

GROUPS = ("collateral", "policy")
WITHOUT_OPTIONS = ("sim",)  # no options of theirs are completed


def complete(script, *words):
    """What bash offers for the last of these words."""
    line = " ".join(f"'{w}'" for w in words)
    got = subprocess.run(
        ["bash", "-c", f"{script}\nCOMP_WORDS=({line}); "
         f"COMP_CWORD={len(words) - 1}; _assay; "
         'printf "%s\\n" "${COMPREPLY[@]}"'],
        capture_output=True, text=True, check=True, env=clean_environment())
    return got.stdout.split()


def options_of_help(text):
    """Each option that a line of help begins with, by its long name."""
    found = []
    for line in text.splitlines():
        if re.match(r" {2,6}-", line):
            head = re.split(r"\s{2,}", line.strip())[0]
            found += re.findall(r"--[a-z][a-z0-9-]*", head)
    return found


class Completion(Case):
    @classmethod
    def setUpClass(cls):
        cls.script = run("completion", "bash").out
        cls.commands = [tuple(m.split()) for m in re.findall(
            r"^  ([a-z]+(?: [a-z]+)?)  ", run("--help").out, re.M)]

    def test_commands(self):
        self.assertGreater(len(self.commands), 15)
        self.assertEqual(sorted(complete(self.script, "assay", "")),
                         sorted({c[0] for c in self.commands} |
                                {"--help", "--version"}))
        for group in GROUPS:
            self.assertEqual(complete(self.script, "assay", group, ""),
                             [c[1] for c in self.commands if c[0] == group])
        self.assertEqual(complete(self.script, "assay", "completion", ""),
                         ["bash", "zsh", "--help"])

    def test_options(self):
        for command in self.commands:
            if command[0] in WITHOUT_OPTIONS:
                continue
            with self.subTest(command):
                said = self.check(run(*command, "--help"), TRUSTED).out
                offered = complete(self.script, "assay", *command, "--")
                self.assertEqual(len(offered), len(set(offered)))
                self.assertEqual(sorted(offered),
                                 sorted(set(options_of_help(said))))

    def test_commands_of_proxy(self):
        for command in ("codex", "env", "status"):
            self.assertEqual(complete(self.script, "assay", "proxy",
                                      command[:2]), [command])
        for command in ("env", "status"):
            said = self.check(run("proxy", command, "--help"), TRUSTED).out
            self.assertEqual(
                sorted({"--help", *re.findall(r"--[a-z-]+", said)}),
                sorted(complete(self.script, "assay", "proxy", command, "--")))
        self.assertEqual(
            complete(self.script, "assay", "proxy", "codex", "--"), [])

    def test_shells(self):
        zsh = self.check(run("completion", "zsh"), TRUSTED).out
        self.assertTrue(zsh.startswith("autoload "))
        self.assertTrue(zsh.endswith(self.script))
        for args in ((), ("fish",), ("bash", "zsh"), ("--json", "bash")):
            self.check(run("completion", *args), USAGE)


if __name__ == "__main__":
    main()
