// tus-js-client, unmodified: a file sent in pieces, broken off, found again and finished by another client. Prints what came of it.
import { readFileSync } from "node:fs"
import { Upload } from "tus-js-client"

const [url, token, file] = process.argv.slice(2)
const data = readFileSync(file)
const options = {
  endpoint: `${url}/v1/uploads/resumable`,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { filename: "photo.jpg", filetype: "image/jpeg" },
  chunkSize: 65536,
  retryDelays: [0, 200, 500],
}

// Broken off after the second piece.
const at = await new Promise((resolve, reject) => {
  const first = new Upload(data, {
    ...options,
    onError: reject,
    onChunkComplete: (_size, accepted) => {
      if (accepted >= 131072) first.abort().then(() => resolve({ url: first.url, accepted }))
    },
  })
  first.start()
})

// Another client goes on from where it stands.
const done = await new Promise((resolve, reject) => {
  const sent = []
  const second = new Upload(data, {
    ...options,
    uploadUrl: at.url,
    onError: reject,
    onChunkComplete: (size) => sent.push(size),
    onSuccess: () => resolve({ url: second.url, bytes: sent.reduce((all, one) => all + one, 0) }),
  })
  second.start()
})

// And one that is given up.
const given_up = await new Promise((resolve, reject) => {
  const third = new Upload(data, {
    ...options,
    onError: reject,
    onChunkComplete: () => third.abort(true).then(() => resolve(true), reject),
  })
  third.start()
})

console.log(JSON.stringify({ accepted: at.accepted, bytes: done.bytes, id: done.url.split("/").pop(), given_up }))
