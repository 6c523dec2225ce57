"""What pandas and numpy make of the same files. Answers questions, a line each, with CPU time."""
import json
import sys
import time

import duckdb
import numpy as np
import pandas as pd

ROSTER, SAMPLE = sys.argv[1:]
HOUR = 3_600_000_000


def read():
    return pd.read_csv(ROSTER)


def into_duckdb():
    DUCKDB.execute("create or replace table roster as select * from read_csv(?)", [ROSTER])
    return DUCKDB.execute("select count(*) from roster").fetchone()[0]


def report():
    df = read()
    stamps = {name: pd.to_datetime(df[name], utc=True, format="ISO8601") for name in ("start", "end")}
    start, end = (stamps[name].astype("datetime64[us, UTC]").astype("int64").to_numpy() for name in ("start", "end"))
    codes, employees = pd.factorize(df.employee)
    order = np.lexsort((end, start, codes))
    codes, start, end = codes[order], start[order], end[order]
    # One number line: each employee's time has a stretch of its own.
    stretch = end.max() - start.min() + 1
    base = codes.astype("int64") * stretch - start.min()
    later = np.searchsorted(base + start, base + end) - np.arange(len(start)) - 1
    pairs = np.bincount(codes, later).astype("int64")
    latest = pd.Series(base + end).cummax().to_numpy()
    gap = (base + start)[1:] - latest[:-1]
    gap = gap[codes[1:] == codes[:-1]]
    week = (start + 3 * HOUR + 3 * 24 * HOUR) // (7 * 24 * HOUR)
    hours = pd.Series(end - start).groupby([codes, week]).sum()
    return {
        "total_shifts": len(df),
        "shifts_per_department": df.groupby("department").size().to_dict(),
        "avg_shift_duration": float(df.duration.mean()),
        "total_pairs": int(pairs.sum()),
        "pairs_by_employee": {employees[code]: int(pairs[code]) for code in np.flatnonzero(pairs)},
        "rest_violations": int(((gap >= 0) & (gap < 11 * HOUR)).sum()),
        "long_weeks": int((hours > 48 * HOUR).sum()),
    }


def percentiles():
    return [float(np.mean(VALUES)), *np.percentile(VALUES, [95, 99]).tolist()]


def versions():
    return {"pandas": pd.__version__, "numpy": np.__version__, "duckdb": duckdb.__version__}


DUCKDB = duckdb.connect()
# The least that it can take: more threads need more in all.
DUCKDB.execute("set threads = 1")
VALUES = np.fromfile(SAMPLE, dtype="<f8")
QUESTIONS = {"read": lambda: len(read()), "duckdb": into_duckdb, "report": report, "percentiles": percentiles, "versions": versions}
for line in sys.stdin:
    before = time.process_time_ns()
    answer = QUESTIONS[line.strip()]()
    spent = time.process_time_ns() - before
    print(json.dumps({"nanoseconds": spent, "answer": answer}), flush=True)
