#!/usr/bin/env python3
"""Reads a folder of T-SQL scripts with parsers that know nothing of dbtool.

    pip install sqlfluff sqlglot
    DBTOOL_TSQL_CORPUS=corpus cargo test --lib tsql_corpus -- --ignored
    tests/tools/parse_tsql.py corpus

Each script is cut at its GO lines, and each batch is read once by sqlfluff's dialect `tsql`, and what it
cannot read by sqlglot's. What neither reads is read by sqlfluff again without the two things that they do
not know: `]]` inside of names, and `WITH VALUES` behind a default. These are counted apart. A batch that
is still not read is printed, and the exit code is 1.
"""

import pathlib
import re
import sys

import sqlglot
from sqlfluff.core import FluffConfig, Linter


def batches(folder):
    for path in sorted(pathlib.Path(folder).glob("*.sql")):
        for number, text in enumerate(re.split(r"(?mi)^GO(?: +\d+)?$", path.read_text()), 1):
            if text.strip():
                yield f"{path.name}#{number}", text.strip() + "\n"


def statements(text):
    """Without comments, and with its white space evened out: what was read need not be read again."""
    return re.sub(r"\s+", " ", re.sub(r"(?m)^--.*$", "", text)).strip()


def reads(linter, text):
    root = linter.parse_string(text).root_variant()
    return bool(root and root.tree and not list(root.tree.recursive_crawl("unparsable")))


def main(folder):
    linter = Linter(config=FluffConfig(overrides={"dialect": "tsql", "large_file_skip_byte_limit": 0}))
    seen, by_second, simplified, unread = set(), [], [], []
    count = 0
    for name, text in batches(folder):
        count += 1
        key = statements(text)
        if not key or key in seen:
            continue
        seen.add(key)
        if reads(linter, text):
            continue
        try:
            trees = sqlglot.parse(text, read="tsql")
            # A statement that sqlglot does not know is kept as text: that is no reading.
            if not any(isinstance(tree, sqlglot.exp.Command) for tree in trees):
                by_second.append((name, text))
                continue
        except sqlglot.errors.SqlglotError:
            pass
        known = re.sub(r"\[(?:[^\]]|\]\])*\]", lambda it: it[0].replace("]]", "__"), text)
        known = known.replace(" WITH VALUES", "")
        (simplified if reads(linter, known) else unread).append((name, text))
    first = len(seen) - len(by_second) - len(simplified) - len(unread)
    print(f"{count} batches, {len(seen)} different: {first} read by sqlfluff, {len(by_second)} by sqlglot, "
          f"{len(simplified)} by sqlfluff without `]]` and WITH VALUES, {len(unread)} by none")
    for name, text in unread:
        print(f"--- {name}\n{text}")
    return 1 if unread else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
