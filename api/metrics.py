"""What Prometheus is told of this process."""

from collections.abc import Mapping
from functools import cache

from kit.db import Backlog
from kit.pool import InferencePool


class Metrics:
    """The process's own counts; a deployment with several processes scrapes each."""

    def __init__(self) -> None:
        # Here, so that importing the app does not wait for it.
        from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

        self._write, self.media_type = generate_latest, CONTENT_TYPE_LATEST
        self.requests = Counter("motcua_requests_total", "Requests answered", ["method", "route", "status"])
        self.seconds = Histogram(
            "motcua_request_seconds",
            "Time from the first byte in to the last byte out",
            ["route"],
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )
        self._lines: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.under_way = Gauge("motcua_requests_under_way", "Requests being answered")
        self._waiting_photos = Gauge("motcua_inference_waiting", "Photos taken in and not yet answered")
        self._backlog = Gauge("motcua_backlog", "Rows that wait to leave", ["queue"])
        self._late = Gauge("motcua_backlog_late_seconds", "How long the first of them has been due", ["queue"])
        self._dead = Gauge(
            "motcua_dead_letters", "Rows that were given up until an operator sends them again", ["queue"]
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request more. To find a line by its labels takes longer than to count: it is kept, and there are few."""
        counted = self._lines.get((method, route, status))
        if counted is None:
            counted = self.requests.labels(method, route, status), self.seconds.labels(route)
            self._lines[method, route, status] = counted
        counted[0].inc()
        counted[1].observe(seconds)

    def page(self, pool: InferencePool, backlogs: Mapping[str, Backlog]) -> bytes:
        """The text a scrape reads. The backlogs are the city's, the same from each of its processes."""
        self._waiting_photos.set(pool.waiting)
        for gauge in (self._backlog, self._late, self._dead):
            gauge.clear()
        for queue, found in backlogs.items():
            self._backlog.labels(queue).set(found.waiting)
            self._late.labels(queue).set(found.late_seconds)
            self._dead.labels(queue).set(found.dead)
        return self._write()


@cache
def metrics() -> Metrics:
    """One per process, however many apps a test makes: Prometheus takes a name once."""
    return Metrics()
