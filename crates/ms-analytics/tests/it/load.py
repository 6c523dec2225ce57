"""Loads of rosters by pandas. A JSON roster a line in, a report out."""
import json
import sys

import pandas as pd

for line in sys.stdin:
    zone, rows = json.loads(line)
    df = pd.DataFrame(rows, columns=["employee", "department", "start", "end"])
    start = pd.to_datetime(df.start, utc=True, format="ISO8601").dt.as_unit("us")
    end = pd.to_datetime(df.end, utc=True, format="ISO8601").dt.as_unit("us")
    local = start.dt.tz_convert(zone)
    df["hours"] = (end - start) / pd.Timedelta(hours=1)
    quarters = [pd.date_range(s, e, freq="15min", inclusive="left").tz_convert(zone) for s, e in zip(start, end)]
    df["night_shifts"] = [int(2 * ((q.hour >= 20) | (q.hour < 6)).sum() > len(q)) for q in quarters]
    df["weekend_shifts"] = (local.dt.weekday >= 5).astype(int)
    df["shifts"] = 1
    sums = ["shifts", "hours", "night_shifts", "weekend_shifts"]
    iso = local.dt.isocalendar()
    keys = {
        "by_employee": df.employee,
        "by_department": df.department,
        "by_week": iso.year.astype(str).str.zfill(4) + "-W" + iso.week.astype(str).str.zfill(2),
        "by_month": local.dt.strftime("%Y-%m"),
        "by_weekday": local.dt.weekday,
        "by_hour": local.dt.hour,
    }
    out = {name: {str(k): v for k, v in df.groupby(key)[sums].sum().to_dict("index").items()} for name, key in keys.items()}
    heat = [[0.0] * 24 for _ in range(7)]
    for q in quarters:
        for weekday, hour in zip(q.weekday, q.hour):
            heat[weekday][hour] += 0.25
    out["heat_map"] = heat
    out["durations"] = {
        "mean": df.hours.mean(), "min": df.hours.min(), "p50": df.hours.quantile(0.5), "p90": df.hours.quantile(0.9),
        "p99": df.hours.quantile(0.99), "max": df.hours.max(),
        "histogram": {str(k): v for k, v in df.groupby(df.hours.astype(int)).size().to_dict().items()},
    }
    print(json.dumps(out), flush=True)
