"""Reports on rosters by counting quarters of an hour and comparing every pair. A JSON roster a line in, a report out."""
import json
import sys
from collections import Counter
from itertools import combinations

import numpy as np
import pandas as pd

QUARTER = 900


def report(zone, rows):
    df = pd.DataFrame(rows, columns=["employee", "department", "start", "end", "duration"])
    for name in ("start", "end"):
        at = pd.to_datetime(df[name], utc=True, format="ISO8601")
        df[name + "_at"] = (at - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(seconds=1)
    # Every quarter of an hour of every shift, as the clocks of the place show it.
    counts = ((df.end_at - df.start_at) // QUARTER).to_numpy()
    shift = np.repeat(np.arange(len(df)), counts)
    nth = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
    local = pd.to_datetime(df.start_at.to_numpy()[shift] + nth * QUARTER, unit="s", utc=True).tz_convert(zone)
    dark = np.bincount(shift, (local.hour >= 20) | (local.hour < 6))
    days = local.tz_localize(None).normalize()
    last = counts.cumsum() - 1
    day, different_days = days.factorize()
    iso = different_days.isocalendar()
    weeks = np.array([f"{year}-W{week:02d}" for year, week in zip(iso.year, iso.week)])[day]
    employees = df.employee.to_numpy()[shift]
    first_weeks = weeks[last - counts + 1][shift]
    return {
        "total_shifts": len(df),
        "employees": df.employee.nunique(),
        "shifts_per_department": df.groupby("department").size().to_dict(),
        "avg_shift_duration": df.duration.mean(),
        "common_conflicts": conflicts(df),
        "rest": rest(df),
        "weekly_over_48": {
            "limit_hours": 48.0,
            "by_start": weeks_over(Counter(zip(employees, first_weeks.tolist()))),
            "split": weeks_over(Counter(zip(employees, weeks.tolist()))),
        },
        "night_shifts": int((2 * dark > counts).sum()),
        "crosses_midnight": int((days[last - counts + 1] != days[last]).sum()),
        "first_start": df.start[df.start_at.idxmin()],
        "last_end": df.end[df.end_at.idxmax()],
    }


def conflicts(df):
    by_employee, by_department, by_pair, overlap = Counter(), Counter(), Counter(), 0
    for a, b in combinations(zip(df.employee, df.department, df.start_at, df.end_at), 2):
        common = min(a[3], b[3]) - max(a[2], b[2])
        if a[0] == b[0] and common > 0:
            overlap += common
            by_employee[a[0]] += 1
            by_department.update({a[1], b[1]})
            by_pair["|".join(sorted((a[1], b[1])))] += 1
    return {
        "total_pairs": sum(by_employee.values()),
        "total_overlap_hours": overlap / 3600,
        "by_employee": by_employee,
        "by_department": by_department,
        "by_department_pair": by_pair,
    }


def rest(df):
    by_employee, shortest = Counter(), None
    for employee, shifts in df.groupby("employee"):
        times = list(zip(shifts.start_at, shifts.end_at))
        # Of several that start at once only one has rested.
        for start in sorted({start for start, _ in times}):
            ends = [end for other, end in times if other < start]
            if ends and max(ends) <= start:
                gap = (start - max(ends)) / 3600
                shortest = gap if shortest is None else min(shortest, gap)
                if gap < 11:
                    by_employee[employee] += 1
    return {
        "limit_hours": 11,
        "violations": sum(by_employee.values()),
        "shortest_rest_hours": shortest,
        "by_employee": by_employee,
    }


def weeks_over(quarters):
    hours = {key: count / 4 for key, count in quarters.items()}
    rows = [{"employee": e, "iso_week": w, "hours": h} for (e, w), h in sorted(hours.items()) if h > 48]
    return {"employee_weeks": len(rows), "rows": rows, "max_hours": max(hours.values())}


for line in sys.stdin:
    print(json.dumps(report(*json.loads(line))), flush=True)
