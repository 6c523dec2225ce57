"""Python's RotatingFileHandler with json.dumps: a question is a number of events, the answer what they cost."""

import datetime
import json
import logging
import logging.handlers
import platform
import sys
import tempfile
import time

directory = tempfile.TemporaryDirectory()
handler = logging.handlers.RotatingFileHandler(directory.name + "/events.jsonl", maxBytes=10 << 20, backupCount=20)
handler.setFormatter(logging.Formatter("%(message)s"))
logger = logging.getLogger("medschedule")
logger.setLevel(logging.INFO)
logger.propagate = False
logger.addHandler(handler)


def emit(events):
    for number in range(events):
        logger.info(
            json.dumps(
                {
                    "timestamp": datetime.datetime.now(datetime.timezone.utc).isoformat(),
                    "event_type": "shift planned",
                    "data": {
                        "shift": number,
                        "department": "Acil Servis",
                        "hours": 8.5,
                        "night": False,
                        "attempt": 1,
                    },
                }
            )
        )


for question in sys.stdin:
    question = question.strip()
    before = time.process_time_ns()
    if question == "versions":
        answer = {"CPython": platform.python_version()}
    else:
        emit(int(question))
        answer = None
    print(json.dumps({"nanoseconds": time.process_time_ns() - before, "answer": answer}), flush=True)
