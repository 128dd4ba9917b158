import type { Reading, ThrottleKind } from '../model/throttle.ts'
import { durationText } from './_amounts.ts'
import { badValue, messageOf } from './_text.ts'

/**
 * What a URL answers to GET: 2xx lets go; any other status, a redirect too, and no answer in 2 s hold. A name and password in the URL are sent as
 * basic authorization, and stand in no text of ours; nor does what follows `?`, where tokens are.
 */
export const http: ThrottleKind = {
  id: 'http',
  summary: 'a URL answers anything but 2xx',
  example: 'http://127.0.0.1:9000/may-backfill',
  open(value, context) {
    const asked = readUrl(value)
    return { id: http.id, everyMs: 1_000, read: () => ask(asked, context.signal) }
  },
}

interface Asked {
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  /** For people. */
  readonly name: string
}

const limitMs = 2_000

function readUrl(value: string): Asked {
  const url = URL.canParse(value.trim()) ? new URL(value.trim()) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw badValue(http, value.replace(/\?.*/s, '').replace(/.*@/s, '***@'))
  const user = `${decoded(url.username)}:${decoded(url.password)}`
  // fetch takes no URL with a password, and would print it whole in saying so.
  url.username = ''
  url.password = ''
  const headers = user === ':' ? {} : { authorization: `Basic ${Buffer.from(user).toString('base64')}` }
  return { url: url.href, headers, name: `${url.origin}${url.pathname}` }
}

/** `100%` is a password too. */
function decoded(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (codes) => Buffer.from(codes.replaceAll('%', ''), 'hex').toString())
}

async function ask({ url, headers, name }: Asked, signal: AbortSignal): Promise<Reading> {
  const limit = AbortSignal.timeout(limitMs)
  try {
    const response = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.any([signal, limit]) })
    await response.body?.cancel()
    return { load: response.ok ? 0 : 1, reason: `${name} answers ${response.status}` }
  } catch (error) {
    signal.throwIfAborted()
    const why = limit.aborted ? `in ${durationText(limitMs)}` : `(${causeOf(error)})`
    return { load: 1, reason: `${name} gives no answer ${why}` }
  }
}

/** fetch says only that it failed; the cause says why. */
function causeOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error)
}
