// Apple's push server of the tests: HTTP/2 only, holds callers to the documented headers and payload, checks the provider token.
// The last word of a device token says how it answers. One line of JSON on stdout for each notification taken.
import { createServer } from "node:http2";
import { createPublicKey, verify } from "node:crypto";

const key = createPublicKey(process.env.APNS_PUBLIC_KEY);
const reasons = {
  "0410": [410, { reason: "Unregistered", timestamp: 1714529559833 }],
  "0400": [400, { reason: "BadDeviceToken" }],
  "0429": [429, { reason: "TooManyRequests" }],
  "0503": [503, { reason: "ServiceUnavailable" }],
  "0413": [413, { reason: "PayloadTooLarge" }],
};
let refusals = Number(process.env.APNS_EXPIRED ?? "0");

function refusal(headers, body) {
  const [kind, token] = (headers.authorization ?? "").split(" ");
  if (kind !== "bearer") return [403, { reason: "MissingProviderToken" }];
  const [head, claims, signature] = token.split(".");
  const said = JSON.parse(Buffer.from(claims, "base64url"));
  const kid = JSON.parse(Buffer.from(head, "base64url"));
  const good = verify("sha256", Buffer.from(`${head}.${claims}`), { key, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url"));
  if (!good || kid.alg !== "ES256" || kid.kid !== "KEY1234567" || said.iss !== "TEAM123456") return [403, { reason: "InvalidProviderToken" }];
  if (Math.abs(Date.now() / 1000 - said.iat) > 3600 || refusals-- > 0) return [403, { reason: "ExpiredProviderToken" }];
  if (headers[":method"] !== "POST") return [405, { reason: "MethodNotAllowed" }];
  const device = /^\/3\/device\/([0-9a-f]+)$/.exec(headers[":path"]);
  if (!device) return [404, { reason: "BadPath" }];
  if (headers["apns-topic"] !== "vn.motcua.test") return [400, { reason: "BadTopic" }];
  if (headers["apns-push-type"] !== "alert") return [400, { reason: "InvalidPushType" }];
  if (!["1", "5", "10"].includes(headers["apns-priority"])) return [400, { reason: "BadPriority" }];
  if (!/^[0-9a-f-]{36}$/.test(headers["apns-id"])) return [400, { reason: "BadMessageId" }];
  if (Buffer.byteLength(headers["apns-collapse-id"] ?? "") > 64) return [400, { reason: "BadCollapseId" }];
  if (!/^\d+$/.test(headers["apns-expiration"])) return [400, { reason: "BadExpirationDate" }];
  if (body.length > 4096) return [413, { reason: "PayloadTooLarge" }];
  if (!JSON.parse(body).aps?.alert?.body) return [400, { reason: "PayloadEmpty" }];
  return reasons[device[1].slice(-4)];
}

const server = createServer();
server.on("stream", (stream, headers) => {
  const chunks = [];
  stream.on("data", (chunk) => chunks.push(chunk));
  stream.on("end", () => {
    const body = Buffer.concat(chunks);
    const said = refusal(headers, body);
    if (said) {
      stream.respond({ ":status": said[0], "apns-id": headers["apns-id"] ?? "" });
      return stream.end(JSON.stringify(said[1]));
    }
    const told = { device: headers[":path"].slice(10), id: headers["apns-id"], collapse: headers["apns-collapse-id"] };
    console.log(JSON.stringify({ ...told, priority: headers["apns-priority"], body: JSON.parse(body) }));
    stream.respond({ ":status": 200, "apns-id": headers["apns-id"] });
    stream.end();
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
