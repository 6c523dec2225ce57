"""Counts violations of working-time rules by looking at every quarter of an hour. A JSON roster a line in, counts out."""
import json
import sys
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

QUARTER = timedelta(minutes=15)


def night(hour):
    return hour >= 20 or hour < 6


def check(zone, rows):
    zone = ZoneInfo(zone)
    people = defaultdict(list)
    for employee, start, end in rows:
        local = []
        at = datetime.fromisoformat(start)
        while at < datetime.fromisoformat(end):
            local.append(at.astimezone(zone))
            at += QUARTER
        people[employee].append(local)
    first = min((s[0] for shifts in people.values() for s in shifts), key=lambda q: q.timestamp()).date()
    last = max((s[-1] for shifts in people.values() for s in shifts), key=lambda q: q.timestamp()).date()
    out = {rule: Counter() for rule in (
        "rest", "free-day", "week", "month", "day", "count", "run", "short-run", "free-run", "nights", "complete", "before-free")}
    for who, shifts in people.items():
        shifts.sort(key=lambda s: (s[0].timestamp(), s[-1].timestamp()))
        is_night = [2 * sum(night(q.hour) for q in s) > len(s) for s in shifts]
        end = lambda s: s[-1].timestamp() + 900
        for i, shift in enumerate(shifts):
            earlier = [end(s) for s in shifts[:i]]
            if earlier and 0 <= shift[0].timestamp() - max(earlier) < 11 * 3600:
                out["rest"][who] += 1
            # The night that ended on the latest day; of several the last to begin.
            nights = [(s[-1].date(), j) for j, s in enumerate(shifts[:i]) if is_night[j]]
            if nights:
                day, j = max(nights)
                out["free-day"][who] += shift[0].date() <= day and shift[0].timestamp() >= end(shifts[j])
        alone = {}
        for i, shift in enumerate(shifts):
            for quarter in shift:
                alone.setdefault(quarter.timestamp(), (quarter, shift[0].date()))
        week, month, day = Counter(), Counter(), Counter()
        for quarter, start in alone.values():
            week[quarter.isocalendar()[:2]] += 1
            month[(quarter.year, quarter.month)] += 1
            day[start] += 1
        out["week"][who] += sum(n > 48 * 4 for n in week.values())
        out["month"][who] += sum(n > 100 * 4 for n in month.values())
        out["day"][who] += sum(n > 11 * 4 for n in day.values())
        starts = Counter((s[0].year, s[0].month) for s, dark in zip(shifts, is_night) if dark)
        out["count"][who] += sum(n > 3 for n in starts.values())
        days = {s[0].date() for s in shifts}
        nights = {s[0].date() for s, dark in zip(shifts, is_night) if dark}
        calendar = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        for name, wanted, lo, hi in (("run", days, 0, 4), ("short-run", days, 2, 999), ("nights", nights, 0, 2)):
            out[name][who] += runs([d in wanted for d in calendar], lo, hi)
        out["free-run"][who] += runs([d not in days for d in calendar], 2, 5)
        for saturday in (d for d in calendar if d.weekday() == 5 and d + timedelta(days=1) <= last):
            both = [saturday in days, saturday + timedelta(days=1) in days]
            out["complete"][who] += sum(both) == 1
            out["before-free"][who] += not any(both) and saturday - timedelta(days=1) in nights
    return {rule: {who: n for who, n in counts.items() if n} for rule, counts in out.items()}


def runs(flags, lo, hi):
    found, begin = 0, None
    for at, flag in enumerate(flags + [False]):
        if flag and begin is None:
            begin = at
        elif not flag and begin is not None:
            length = at - begin
            found += length > hi or (length < lo and begin > 0 and at < len(flags))
            begin = None
    return found


for line in sys.stdin:
    print(json.dumps(check(*json.loads(line))), flush=True)
