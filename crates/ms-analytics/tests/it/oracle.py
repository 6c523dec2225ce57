"""Reports on rosters by counting quarters of an hour and comparing every pair. A JSON roster a line in, a report out."""
import json
import sys
from collections import Counter
from itertools import combinations

import pandas as pd

QUARTER = pd.Timedelta(minutes=15)


def report(zone, rows):
    df = pd.DataFrame(rows, columns=["employee", "department", "start", "end", "duration"])
    for name in ("start", "end"):
        df[name + "_at"] = pd.to_datetime(df[name], utc=True, format="ISO8601")
    quarters = []
    nights = crossing = 0
    for row in df.itertuples():
        local = pd.date_range(row.start_at, row.end_at, freq=QUARTER, inclusive="left").tz_convert(zone)
        nights += 2 * ((local.hour >= 20) | (local.hour < 6)).sum() > len(local)
        crossing += local[0].date() != local[-1].date()
        iso = local.isocalendar()
        weeks = [f"{year}-W{week:02d}" for year, week in zip(iso.year, iso.week)]
        quarters += [(row.employee, weeks[0], week) for week in weeks]
    by_start = Counter((employee, first) for employee, first, _ in quarters)
    split = Counter((employee, week) for employee, _, week in quarters)
    return {
        "total_shifts": len(df),
        "employees": df.employee.nunique(),
        "shifts_per_department": df.groupby("department").size().to_dict(),
        "avg_shift_duration": df.duration.mean(),
        "common_conflicts": conflicts(df),
        "rest": rest(df),
        "weekly_over_48": {"limit_hours": 48.0, "by_start": weeks_over(by_start), "split": weeks_over(split)},
        "night_shifts": int(nights),
        "crosses_midnight": int(crossing),
        "first_start": df.start[df.start_at.idxmin()],
        "last_end": df.end[df.end_at.idxmax()],
    }


def conflicts(df):
    by_employee, by_department, by_pair, overlap = Counter(), Counter(), Counter(), pd.Timedelta(0)
    for employee, shifts in df.groupby("employee"):
        for a, b in combinations(shifts.itertuples(), 2):
            common = min(a.end_at, b.end_at) - max(a.start_at, b.start_at)
            if common > pd.Timedelta(0):
                overlap += common
                by_employee[employee] += 1
                by_department.update({a.department, b.department})
                by_pair["|".join(sorted((a.department, b.department)))] += 1
    return {
        "total_pairs": sum(by_employee.values()),
        "total_overlap_hours": overlap / pd.Timedelta(hours=1),
        "by_employee": by_employee,
        "by_department": by_department,
        "by_department_pair": by_pair,
    }


def rest(df):
    by_employee, shortest = Counter(), None
    for employee, shifts in df.groupby("employee"):
        for shift in shifts.itertuples():
            earlier = shifts[(shifts.start_at < shift.start_at)]
            if len(earlier) and earlier.end_at.max() <= shift.start_at:
                gap = (shift.start_at - earlier.end_at.max()) / pd.Timedelta(hours=1)
                # Of several that start at once only the first has rested.
                twins = shifts[(shifts.start_at == shift.start_at)]
                if shift.Index == twins.index[0]:
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
