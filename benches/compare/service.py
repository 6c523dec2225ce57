"""The Python stack of the origin: FastAPI, prometheus_client and a RotatingFileHandler, asked without a socket."""
import asyncio
import json
import logging
import sys
import time
from importlib.metadata import version
from logging.handlers import RotatingFileHandler

from fastapi import FastAPI, Request
from prometheus_client import REGISTRY, Counter, Histogram

LOG, REQUESTS = sys.argv[1], int(sys.argv[2])
PATH = "/api/v1/shifts/17"

requests_total = Counter("http_requests_total", "Requests", ["method", "endpoint", "status"])
duration = Histogram("http_request_duration_seconds", "Duration", ["method", "endpoint"])
logger = logging.getLogger("medschedule")
logger.setLevel(logging.INFO)
handler = RotatingFileHandler(LOG, maxBytes=10 * 1024 * 1024, backupCount=10)
handler.setFormatter(logging.Formatter("%(asctime)s - %(name)s - %(levelname)s - %(message)s"))
logger.addHandler(handler)

app = FastAPI()


@app.middleware("http")
async def observe(request: Request, call_next):
    start = time.perf_counter()
    response = await call_next(request)
    spent = time.perf_counter() - start
    endpoint = request.scope["route"].path
    requests_total.labels(request.method, endpoint, response.status_code).inc()
    duration.labels(request.method, endpoint).observe(spent)
    logger.info("%s %s %s %.3f ms", request.method, endpoint, response.status_code, spent * 1000)
    return response


@app.get("/api/v1/shifts/{id}")
async def shift(id: int):
    return {"id": id, "department": "Acil Servis"}


SCOPE = {
    "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
    "path": PATH, "raw_path": PATH.encode(), "query_string": b"", "root_path": "",
    "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000),
}


async def receive():
    return {"type": "http.request", "body": b"", "more_body": False}


async def serve(count):
    for _ in range(count):
        sent = []

        async def send(message):
            sent.append(message)

        await app(dict(SCOPE), receive, send)
        assert sent[0]["status"] == 200, sent


def counted():
    labels = {"method": "GET", "endpoint": "/api/v1/shifts/{id}", "status": "200"}
    return REGISTRY.get_sample_value("http_requests_total", labels)


def requests():
    before = counted() or 0
    asyncio.run(serve(REQUESTS))
    return counted() - before


def versions():
    return {name: version(name) for name in ("fastapi", "prometheus_client")}


QUESTIONS = {"requests": requests, "versions": versions}
for line in sys.stdin:
    before = time.process_time_ns()
    answer = QUESTIONS[line.strip()]()
    print(json.dumps({"nanoseconds": time.process_time_ns() - before, "answer": answer}), flush=True)
