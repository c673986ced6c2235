"""Providers of the tests: HTTP servers on loopback that hold callers to the documented payloads and answer as the documents say."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs


class Provider:
    """`answer(path, headers, body)` gives status, headers and body; what is asked stands in `asked`. A payload that breaks the
    documents makes `answer` raise, which is told as 599 and kept in `broken`."""

    def __init__(self):
        self.asked, self.broken, self.answers = [], [], []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                try:
                    status, extra, answer = provider.answer(self.path, headers, body)
                except (AssertionError, KeyError, ValueError) as error:
                    provider.broken.append(repr(error))
                    status, extra, answer = 599, {}, {}
                told = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {"content-length": str(len(told)), **extra}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(told)

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, path, headers, body):
        raise NotImplementedError

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class Esms(Provider):
    """developers.esms.vn: SendMultipleMessage_V4_post_json; every value is a string, phones as 09…, no accents without IsUnicode."""

    PATH = "/MainService.svc/json/SendMultipleMessage_V4_post_json/"
    NEEDED = {"ApiKey", "SecretKey", "Phone", "Content", "SmsType", "Brandname"}
    KNOWN = NEEDED | {"IsUnicode", "Sandbox", "campaignid", "RequestId", "CallbackUrl", "SendDate"}

    def answer(self, path, headers, body):
        sent = json.loads(body)
        assert path == self.PATH
        assert headers["content-type"] == "application/json"
        assert self.NEEDED <= sent.keys() <= self.KNOWN
        assert all(isinstance(value, str) for value in sent.values())
        assert sent["SmsType"] == "2"
        assert sent["IsUnicode"] == "0"
        assert sent["Content"].isascii()
        assert sent["Phone"].startswith("0")
        assert sent["Phone"].isdigit()
        again = sent["RequestId"] in {one["RequestId"] for one in self.asked}
        if self.answers:
            return 200, {}, self.answers.pop(0)
        if (sent["ApiKey"], sent["SecretKey"]) != ("key", "secret"):
            return 200, {}, {"CodeResult": "101", "ErrorMessage": "Authorize Failed"}
        if again:
            return 200, {}, {"CodeResult": "124", "ErrorMessage": "Duplicate RequestId"}
        self.asked.append(sent)
        return 200, {}, {"CodeResult": "100", "CountRegenerate": 0, "SMSID": f"sms-{len(self.asked)}"}


class Zalo(Provider):
    """Zalo ZNS: /message/template with the header access_token, and the OAuth server that gives each refresh token one use."""

    def __init__(self):
        super().__init__()
        self.access, self.refresh, self.exchanges = "access-1", "refresh-1", 0

    def answer(self, path, headers, body):
        if path == "/v4/oa/access_token":
            assert headers["content-type"] == "application/x-www-form-urlencoded"
            assert headers["secret_key"] == "app-secret"
            sent = {name: value for name, (value,) in parse_qs(body.decode()).items()}
            assert sent.keys() == {"refresh_token", "app_id", "grant_type"}
            assert (sent["app_id"], sent["grant_type"]) == ("app-1", "refresh_token")
            if sent["refresh_token"] != self.refresh:
                return 200, {}, {"error": -14014, "error_name": "Invalid refresh token"}
            self.exchanges += 1
            self.access, self.refresh = f"access-{self.exchanges + 1}", f"refresh-{self.exchanges + 1}"
            return 200, {}, {"access_token": self.access, "refresh_token": self.refresh, "expires_in": "90000"}
        sent = json.loads(body)
        assert path == "/message/template"
        assert headers["content-type"] == "application/json"
        assert {"phone", "template_id", "template_data"} <= sent.keys() <= {
            "phone", "template_id", "template_data", "tracking_id", "sending_mode", "mode",
        }  # fmt: skip
        assert sent["phone"].startswith("84")
        assert all(isinstance(value, str) for value in sent["template_data"].values())
        assert len(sent["tracking_id"]) <= 48
        if headers.get("access_token") != self.access:
            return 200, {}, {"error": -124, "message": "Access token invalid"}
        if self.answers:
            return 200, {}, self.answers.pop(0)
        self.asked.append(sent)
        data = {"sent_time": "1714529559833", "sending_mode": "1", "msg_id": f"msg-{len(self.asked)}"}
        return 200, {}, {"error": 0, "message": "Success", "data": data}


class Google(Provider):
    """FCM HTTP v1 and Google's token endpoint (RFC 7523), which checks the assertion's signature."""

    def __init__(self, public_key):
        super().__init__()
        self._public_key, self.tokens_given, self.token = public_key, 0, None

    def answer(self, path, headers, body):
        import jwt

        if path == "/token":
            sent = {name: value for name, (value,) in parse_qs(body.decode()).items()}
            assert sent["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
            claims = jwt.decode(sent["assertion"], self._public_key, algorithms=["RS256"], audience=f"{self.url}/token")
            assert claims["scope"] == "https://www.googleapis.com/auth/firebase.messaging"
            assert claims["iss"] == "push@motcua.test"
            assert 0 < claims["exp"] - claims["iat"] <= 3600
            self.tokens_given += 1
            self.token = f"ya29.{self.tokens_given}"
            return 200, {}, {"access_token": self.token, "expires_in": 3599, "token_type": "Bearer"}
        assert path == "/v1/projects/motcua-test/messages:send"
        if headers.get("authorization") != f"Bearer {self.token}":
            return 401, {}, {"error": {"code": 401, "status": "UNAUTHENTICATED"}}
        sent = json.loads(body)["message"]
        assert {"token", "notification"} <= sent.keys() <= {"token", "notification", "data", "android"}
        assert sent["notification"].keys() == {"title", "body"}
        assert all(isinstance(value, str) for value in sent["data"].values())
        assert not [key for key in sent["data"] if key == "from" or key.startswith(("google", "gcm"))]
        assert sent["android"]["priority"] in ("HIGH", "NORMAL")
        assert sent["android"]["ttl"].endswith("s")
        assert len(body) <= 4096
        if self.answers:
            return self.answers.pop(0)
        self.asked.append(sent)
        return 200, {}, {"name": f"projects/motcua-test/messages/{len(self.asked)}"}


def fcm_error(status, code, **headers):
    """As firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode shows an error."""
    kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
    error = {"code": status, "message": "told", "status": "X", "details": [{"@type": kind, "errorCode": code}]}
    return status, headers, {"error": error}
