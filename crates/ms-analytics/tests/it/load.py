"""Loads of rosters by pandas. A JSON roster a line in, a report out."""
import json
import sys

import numpy as np
import pandas as pd

for line in sys.stdin:
    zone, rows = json.loads(line)
    df = pd.DataFrame(rows, columns=["employee", "department", "start", "end", "role"])
    start = pd.to_datetime(df.start, utc=True, format="ISO8601").dt.as_unit("us")
    end = pd.to_datetime(df.end, utc=True, format="ISO8601").dt.as_unit("us")
    local = start.dt.tz_convert(zone)
    df["hours"] = (end - start) / pd.Timedelta(hours=1)
    # Every quarter of an hour of every shift.
    counts = ((end - start) // pd.Timedelta(minutes=15)).to_numpy()
    shift = np.repeat(np.arange(len(df)), counts)
    nth = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
    quarters = pd.DatetimeIndex(start.iloc[shift]) + pd.to_timedelta(nth * 15, unit="min")
    quarters = quarters.tz_convert(zone)
    dark = np.bincount(shift, (quarters.hour >= 20) | (quarters.hour < 6))
    df["night_shifts"] = (2 * dark > counts).astype(int)
    df["weekend_shifts"] = (local.dt.weekday >= 5).astype(int)
    df["shifts"] = 1
    sums = ["shifts", "hours", "night_shifts", "weekend_shifts"]
    iso = local.dt.isocalendar()
    keys = {
        "by_employee": df.employee,
        "by_department": df.department,
        "by_role": df.role,
        "by_week": iso.year.astype(str).str.zfill(4) + "-W" + iso.week.astype(str).str.zfill(2),
        "by_month": local.dt.strftime("%Y-%m"),
        "by_weekday": local.dt.weekday,
        "by_hour": local.dt.hour,
    }
    out = {name: {str(k): v for k, v in df.groupby(key)[sums].sum().to_dict("index").items()} for name, key in keys.items()}
    heat = np.bincount(quarters.weekday * 24 + quarters.hour, minlength=7 * 24) / 4
    out["heat_map"] = heat.reshape(7, 24).tolist()
    out["durations"] = {
        "mean": df.hours.mean(), "min": df.hours.min(), "p50": df.hours.quantile(0.5), "p90": df.hours.quantile(0.9),
        "p99": df.hours.quantile(0.99), "max": df.hours.max(),
        "histogram": {str(k): v for k, v in df.groupby(df.hours.astype(int)).size().to_dict().items()},
    }
    print(json.dumps(out), flush=True)
