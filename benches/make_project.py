#!/usr/bin/env python3
"""Makes a dbtool project of a given size, the same bytes each time.

    make_project.py FOLDER --tables N       one schema file a table, no migrations yet
    make_project.py FOLDER --migrations N   one table, and N steps that each add a column or a table;
                                            prints nothing, and leaves `steps/0001.yaml` and so on to be
                                            copied over the schema one after another

Each table has ten columns, a key, a check, a filtered index, an index, and every fourth a foreign key to
the one before it, which is about what an application's table looks like.
"""

import argparse
import pathlib

CONFIG = """\
defaultEnvironment: local
targets: [mssql, sqlite]
environments:
  local: { target: sqlite, database: local.db }
"""


def table(number: int, extra: list[str] = ()) -> str:
    """The schema file of one table."""
    name = f"entity{number}"
    lines = [
        f"table: {name}",
        f"description: Entity {number} of a project that measures dbtool.",
        "columns:",
        "  tenantId:    { type: key(64) }",
        f"  {name}Id:    {{ type: uuid, default: newSequentialId }}",
        "  status:      { type: string(32), oneOf: [open, running, done, failed], default: open }",
        "  title:       { type: string(200) }",
        "  externalKey: { type: key(128) }",
        "  details:     { type: json, nullable: true }",
        "  amount:      { type: \"decimal(9,2)\", default: 0, min: 0 }",
        "  attempts:    { type: int, default: 0, min: 0 }",
        "  finishedAt:  { type: timestamp(3), nullable: true }",
        "  createdAt:   { type: timestamp(3), default: utcNow }",
        *extra,
    ]
    if number % 4 == 3:
        lines.append(f"  entity{number - 1}Id: {{ type: uuid, nullable: true }}")
    lines += [
        f"primaryKey: [tenantId, {name}Id]",
        "unique:",
        "  - columns: [tenantId, externalKey]",
        "indexes:",
        "  - columns: [tenantId, status, createdAt desc]",
        f"  - {{ name: ixEntity{number}Open, columns: [tenantId, createdAt], where: status = 'open' }}",
        "checks:",
        f"  - {{ name: ckEntity{number}Finished, expression: \"status <> 'done' or finishedAt is not null\" }}",
    ]
    if number % 4 == 3:
        other = f"entity{number - 1}"
        lines += [
            "foreignKeys:",
            f"  - columns: [tenantId, {other}Id]",
            f"    references: {{ table: {other}, columns: [tenantId, {other}Id] }}",
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Reads the arguments and writes the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument("--tables", type=int)
    size.add_argument("--migrations", type=int)
    arguments = parser.parse_args()
    folder: pathlib.Path = arguments.folder
    (folder / "schema").mkdir(parents=True)
    (folder / "dbtool.yaml").write_text(CONFIG)
    if arguments.tables:
        for number in range(arguments.tables):
            (folder / "schema" / f"entity{number}.yaml").write_text(table(number))
        return
    write_migrations(folder, arguments.migrations)


def write_migrations(folder: pathlib.Path, count: int) -> None:
    """Writes states of one table, each with one more nullable column, a new table every fortieth."""
    (folder / "steps").mkdir()
    extra: list[str] = []
    at = 0
    for step in range(count):
        if step and step % 40 == 0:
            at, extra = at + 4, []
        elif step:
            extra.append(f"  added{step}: {{ type: int, nullable: true }}")
        text = table(at, extra)
        (folder / "steps" / f"{step:05}-entity{at}.yaml").write_text(text)


if __name__ == "__main__":
    main()
