#!/usr/bin/env python3
"""Times dbtool as a whole process on projects of growing size, beside the sqlite3 shell over the same SQL.

    benches/run.py [--tables 10,100,1000] [--migrations 10,500] [--runs 10] [--folder /dev/shm]

Needs a release build (`cargo build --release`), python3, hyperfine, /usr/bin/time and sqlite3. Prints
Markdown: medians of whole processes in milliseconds, peak memory in MB, and for each step the growth
against the size before, which is about 1 where cost is linear. Nothing outside of a temporary folder is
written.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DBTOOL = ROOT / "target" / "release" / "dbtool"
QUIET = {**os.environ, "NO_COLOR": "1"}
for name in ("CI", "DBTOOL_ENV", "DBTOOL_DATABASE_URL"):
    QUIET.pop(name, None)


class Bench:
    """Measures commands in one project."""

    def __init__(self, folder: pathlib.Path, runs: int):
        self.folder = folder
        self.runs = runs

    def run(self, *arguments: str) -> None:
        """Runs dbtool once, unmeasured."""
        done = subprocess.run(
            [DBTOOL, "--quiet", *arguments], cwd=self.folder, env=QUIET, capture_output=True, text=True
        )
        if done.returncode:
            sys.exit(f"dbtool {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")

    def time(self, command: str, prepare: str = "true", runs: int | None = None) -> float:
        """The median of a command, in milliseconds."""
        out = self.folder / "hyperfine.json"
        arguments = ["hyperfine", "-N", "--style", "none", "--warmup", "1"]
        if prepare != "true":
            arguments += ["--prepare", prepare]
        arguments += ["--runs", str(runs or self.runs), "--export-json", str(out), command]
        done = subprocess.run(arguments, cwd=self.folder, env=QUIET, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{command} failed:\n{done.stdout}{done.stderr}")
        return json.loads(out.read_text())["results"][0]["median"] * 1000

    def memory(self, command: str) -> float:
        """The peak memory of a command, in MB."""
        done = subprocess.run(
            ["/usr/bin/time", "-f", "%M", *command.split()],
            cwd=self.folder, env=QUIET, capture_output=True, text=True,
        )
        return int(done.stderr.strip().splitlines()[-1]) / 1024

    def floor(self) -> tuple[str, str]:
        """How the sqlite3 shell applies the same SQL, each migration in a transaction; and how to undo it."""
        script = self.folder / "all.sql"
        with script.open("w") as all_sql:
            for file in sorted(self.folder.glob("migrations/*/sqlite.sql")):
                all_sql.write(f"BEGIN IMMEDIATE;\n{file.read_text()}\nCOMMIT;\n")
        return f"sqlite3 floor.db '.read {script}'", "rm -f floor.db floor.db-wal floor.db-shm"


def project(folder: pathlib.Path, kind: str, size: int) -> None:
    """Makes a project without migrations."""
    subprocess.run([sys.executable, ROOT / "benches" / "make_project.py", folder, f"--{kind}", str(size)], check=True)


FRESH = "rm -f local.db local.db-wal local.db-shm local.db-journal local.db.lock"


Rows = dict[str, tuple[float, float | None]]


def steps(bench: Bench, runs: int, named: list[tuple[str, str, str]]) -> Rows:
    """Milliseconds and megabytes of each step that is named, then of all that every project goes through."""
    rows: Rows = {}
    always = [
        ("migrate from nothing", "migrate --env local", FRESH),
        ("migrate, nothing to do", "migrate --env local", "true"),
        ("status", "status --env local", "true"),
        ("drift-check", "drift-check --env local", "true"),
        ("introspect", "introspect --env local --output introspected", "rm -rf introspected"),
    ]
    for name, arguments, prepare in named + always:
        command = f"{DBTOOL} --quiet {arguments}"
        taken = bench.time(command, prepare, runs)
        subprocess.run(prepare, cwd=bench.folder, shell=True, check=True)
        # It is the last run of a step that leaves what the next one works on.
        rows[name] = (taken, bench.memory(command))
    command, undo = bench.floor()
    floor = bench.time(command, undo, runs)
    rows["sqlite3 shell, same SQL"] = (floor, None)
    rows["migrate as a ratio to the shell"] = (rows["migrate from nothing"][0] / floor, None)
    return rows


def tables(base: pathlib.Path, size: int, runs: int) -> Rows:
    """Every step on a project of so many tables."""
    folder = base / f"tables{size}"
    project(folder, "tables", size)
    own = [
        ("generate", "generate initial --version-stamp 20260101000000", "rm -rf migrations"),
        ("check", "check", "true"),
    ]
    rows = steps(Bench(folder, runs), max(3, runs // 3) if size >= 1000 else runs, own)
    shutil.rmtree(folder)
    return rows


def migrations(base: pathlib.Path, size: int, runs: int) -> Rows:
    """Every step on a project of so many migrations."""
    folder = base / f"migrations{size}"
    project(folder, "migrations", size)
    bench = Bench(folder, runs)
    for number, step_file in enumerate(sorted((folder / "steps").iterdir())):
        entity = step_file.stem.split("-")[1]
        shutil.copy(step_file, folder / "schema" / f"{entity}.yaml")
        bench.run("generate", f"step{number}", "--version-stamp", str(20260101000000 + number))
    own = [("check (folds all)", "check", "true")]
    rows = steps(bench, max(3, runs // 3) if size >= 5000 else runs, own)
    shutil.rmtree(folder)
    return rows


def show(what: str, sizes: list[int], results: list[dict[str, tuple[float, float | None]]]) -> None:
    """Prints one Markdown table: milliseconds, peak memory, and growth against linear."""
    print(f"\n| step | {' | '.join(f'{size:,} {what}' for size in sizes)} | growth |")
    print("|---|" + "---:|" * (len(sizes) + 1))
    for name in results[0]:
        cells = []
        for result in results:
            taken, memory = result[name]
            if name.startswith("migrate as"):
                cells.append(f"{taken:.2f}")
            else:
                cells.append(f"{taken:,.1f} ms" + (f", {memory:,.0f} MB" if memory else ""))
        growth = "–"
        if len(results) > 1 and not name.startswith("migrate as"):
            # Start-up is taken off, or small sizes would make any cost look less than linear.
            start = 2.0
            last, before = (max(result[name][0] - start, 0.1) for result in (results[-1], results[-2]))
            growth = f"{last / before / (sizes[-1] / sizes[-2]):.2f}"
        print(f"| {name} | {' | '.join(cells)} | {growth} |")


def machine() -> str:
    """What the figures were measured on."""
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), "?")
    shell = subprocess.run(["sqlite3", "--version"], capture_output=True, text=True).stdout.split()[0]
    version = subprocess.run([DBTOOL, "--version"], capture_output=True, text=True).stdout.strip()
    return f"{version}, {os.cpu_count()} cores ({model}), sqlite3 shell {shell}"


def sizes(text: str) -> list[int]:
    """Numbers from `10,100`; none from an empty text."""
    return [int(size) for size in text.split(",") if size]


def main() -> None:
    """Reads the arguments, measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", type=sizes, default=sizes("10,100,1000"))
    parser.add_argument("--migrations", type=sizes, default=sizes("10,500"))
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--folder", default="/dev/shm" if os.path.isdir("/dev/shm") else None)
    arguments = parser.parse_args()
    if not DBTOOL.exists():
        sys.exit("there is no release build: cargo build --release")
    with tempfile.TemporaryDirectory(prefix="dbtool-bench-", dir=arguments.folder) as name:
        base = pathlib.Path(name)
        print(f"{machine()}; medians of whole processes, peak memory; growth 1.00 is linear")
        start = Bench(base, 30).time(f"{DBTOOL} --version")
        print(f"\n`--version`: {start:.1f} ms")
        if arguments.tables:
            show("tables", arguments.tables, [tables(base, size, arguments.runs) for size in arguments.tables])
        if arguments.migrations:
            results = [migrations(base, size, arguments.runs) for size in arguments.migrations]
            show("migrations", arguments.migrations, results)


if __name__ == "__main__":
    main()
