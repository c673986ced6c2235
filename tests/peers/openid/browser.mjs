// A citizen's browser in front of a running sandbox: signs in as they would, page by page.
const cookies = new Map()
const usedCodes = new Set()
let base, login

/** Which sandbox, and who sits there: nobody is sent more than a few codes in a quarter of an hour. */
export function at(url, who) {
  ;[base, login] = [url, who]
}

export async function browse(url, options = {}) {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const answer = await fetch(url, { redirect: 'manual', ...options, headers: { cookie } })
  for (const line of answer.headers.getSetCookie()) {
    const [name, value] = line.split(';')[0].split(/=(.*)/s)
    cookies.set(name, value)
  }
  return answer
}

function formOf(page, ending) {
  for (const [, attributes, inside] of page.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)) {
    const action = attributes.match(/action="([^"]*)"/)[1].replaceAll('&amp;', '&')
    if (!action.split('?')[0].endsWith(ending)) continue
    const hidden = [...inside.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)]
    return { action: new URL(action, base), fields: hidden.map(([, name, value]) => [name, value]) }
  }
  return null
}

function send(form, ...fields) {
  return browse(form.action, { method: 'POST', body: new URLSearchParams([...form.fields, ...fields]) })
}

async function codesSent() {
  const letters = await (await fetch(`${base}/sandbox/inbox.json`)).json()
  return letters.filter((one) => one.event === 'one-time-code' && one.to === login).map((one) => one.text)
}

/** Somebody else may have signed in with this login: their codes still lie there. */
async function forgetCodes() {
  for (const text of await codesSent()) usedCodes.add(text)
}

async function newestCode() {
  for (let tries = 0; tries < 100; tries++) {
    const text = (await codesSent()).find((one) => !usedCodes.has(one))
    if (text) {
      usedCodes.add(text)
      return text.match(/\b(\d{6})\b/)[1]
    }
    await new Promise((done) => setTimeout(done, 200))
  }
  throw new Error('no code came')
}

/** What the pages end at: the address of an app that begins with `callback`, or the page that asks for nothing more. */
async function walk(answer, callback, allow) {
  for (let steps = 0; steps < 10; steps++) {
    const next = answer.headers.get('location')
    if (callback && next?.startsWith(callback)) return new URL(next)
    if (next) {
      answer = await browse(new URL(next, base))
      continue
    }
    const page = await answer.text()
    let form
    if ((form = formOf(page, '/login'))) {
      await forgetCodes()
      answer = await send(form, ['login', login])
    }
    else if ((form = formOf(page, '/code'))) answer = await send(form, ['code', await newestCode()])
    else if ((form = formOf(page, '/consent'))) answer = await send(form, ...allow)
    else if (!callback && answer.status === 200) return page
    else throw new Error(`${answer.status} ${page}`)
  }
  throw new Error('it leads nowhere')
}

/** The address the app is called back by, after whatever pages stand between. */
export async function signIn(url, callback) {
  return walk(await browse(url), callback, [['allow', 'profile'], ['allow', 'offline_access']])
}

/** The device that shows this code is allowed to know who it is. */
export async function allowDevice(verificationUriComplete) {
  const form = formOf(await (await browse(verificationUriComplete)).text(), '/device')
  const code = new URL(verificationUriComplete).searchParams.get('user_code')
  return walk(await send(form, ['code', code]), null, [['allow', 'profile'], ['same', 'yes']])
}
