"""The far end of a wire: a plain HTTP server, and a bridge over which a program of its own reaches the city in process."""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

LEFT_OUT = {"host", "connection", "content-length", "transfer-encoding"}


def serve(answer):
    """Starts a server whose POST and GET are `answer(method, path, headers, body) -> status, headers, body`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, extra, told = answer(self.command, self.path, headers, body)
            self.send_response(status)
            for name, value in {"content-length": str(len(told)), **extra}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told)

        def do_GET(self):
            self.do_POST()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


class Far:
    """Takes messages and answers what the test wants: (status, words), an exception's silence, or 200 and a yes."""

    def __init__(self):
        self.got, self.answers, self.came = [], [], threading.Event()
        self._server, self.url = serve(self._answer)

    def _answer(self, method, path, headers, body):
        self.got.append((headers, json.loads(body)))
        self.came.set()
        status, words = self.answers.pop(0) if self.answers else (200, "Tiếp nhận hồ sơ thành công")
        told = words if isinstance(words, bytes) else json.dumps({"thongBao": words}).encode()
        return status, {"location": "http://169.254.169.254/"} if status in (301, 302, 307) else {}, told

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def far():
    end = Far()
    yield end
    end.close()


@pytest.fixture
def bridge(city):
    """The city's address on loopback for a program that is not in this process."""
    loop = asyncio.get_event_loop_policy().get_event_loop()
    servers = []

    def start(loop=loop):
        def answer(method, path, headers, body):
            sent = {name: value for name, value in headers.items() if name not in LEFT_OUT}
            call = city.client.request(method, path, headers=sent, content=body)
            reply = asyncio.run_coroutine_threadsafe(call, loop).result(30)
            return reply.status_code, {"content-type": reply.headers.get("content-type", "text/plain")}, reply.content

        server, url = serve(answer)
        servers.append(server)
        return url

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
