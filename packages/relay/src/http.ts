/**
 * The relay's HTTP: health, images and their chunks, and tokens for development. README, "Endpoints".
 *
 * Answers are JSON, `{ "error": { "code", "message" } }` when refused, but for the bytes of chunks.
 * Nothing is told of what the bearer may not read: it is answered as if it were not there.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { type Hash, isUniverseError } from '@inner-universe/core'
import type { TokenClaims } from '@inner-universe/sync/relay-side'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { TokenVerifier } from './auth.ts'
import { ANY_UNIVERSE, carriedName } from './claims.ts'
import type { ImageAccess } from './image-access.ts'
import type { OriginCheck } from './origins.ts'
import { parseDurationMs } from './tokens.ts'

/** Largest body of a request, bytes: the only one there is asks for a token. */
const BODY_BYTES_MAX = 4096

/** How long a browser may keep an answer about what may be asked, seconds. */
const PREFLIGHT_SECONDS = 600

/** What a development token is made of. */
export interface DevTokenRequest {
  readonly universe: string
  readonly identity: string
  readonly access: 'read' | 'write'
  readonly lifetimeMs: number
}

/** What the routes need. */
export interface HttpOptions {
  readonly images: ImageAccess
  readonly verifier: TokenVerifier
  readonly isAllowedOrigin: OriginCheck
  /** False while starting and shutting down. */
  readonly isReady: () => boolean
  /** Undefined: there are no tokens for the asking. */
  readonly makeDevToken: ((request: DevTokenRequest) => Promise<string>) | undefined
  /** What an operator asks for, whose token reads every universe. Plain data. */
  readonly status: () => Promise<unknown>
  readonly log: Logger
}

const devTokenRequest = z.strictObject({
  universe: carriedName,
  identity: carriedName,
  access: z.enum(['read', 'write']).default('write'),
  expires: z
    .string()
    .default('1d')
    .transform(parseDurationMs)
    .pipe(z.number({ error: 'give a duration such as 30d, 12h, 15m or 90s' })),
})

/** An answer. `body` is text or bytes. */
interface Answer {
  readonly status: number
  readonly body?: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

/** The handler of every HTTP request that is not a WebSocket. It never throws. */
export function createHttpHandler(options: HttpOptions): RequestListener {
  const { isAllowedOrigin, log } = options
  return (request, response) => {
    const { origin } = request.headers
    if (!isAllowedOrigin(origin)) {
      send(response, refusal(403, 'sync/refused', `pages of ${origin} may not ask this relay`))
      return
    }
    const cors = origin === undefined ? {} : corsHeaders(origin)
    answer(options, request).then(
      (given) => send(response, { ...given, headers: { ...given.headers, ...cors } }),
      (error: unknown) => {
        if (isUniverseError(error, 'sync/unauthorized')) {
          const headers = { ...cors, 'www-authenticate': 'Bearer' }
          send(response, { ...refusal(401, error.code, error.message), headers })
          return
        }
        log.error({ err: error, url: request.url?.split('?')[0] }, 'a request failed')
        const code = isUniverseError(error) ? error.code : 'relay/unavailable'
        send(response, { ...refusal(500, code, 'the relay could not answer'), headers: cors })
      },
    )
  }
}

async function answer(options: HttpOptions, request: IncomingMessage): Promise<Answer> {
  const { images, verifier } = options
  const path = request.url?.split('?')[0] ?? '/'
  const { method } = request
  if (method === 'OPTIONS') return { status: 204 }
  if (path === '/v1/dev/token') {
    if (options.makeDevToken === undefined) return notFound(path)
    return method === 'POST' ? devToken(options.makeDevToken, request) : notAllowed('POST')
  }
  if (method !== 'GET' && method !== 'HEAD') return notAllowed('GET, HEAD')
  if (path === '/v1/health') return json(200, { status: 'ok' })
  if (path === '/v1/ready') {
    return options.isReady() ? json(200, { status: 'ready' }) : json(503, { status: 'not ready' })
  }
  if (path === '/v1/status') {
    const claims = await bearer(verifier, request)
    if (!claims.universes.get(ANY_UNIVERSE)?.read) return notFound(path)
    return json(200, await options.status())
  }
  const [, chunk] = /^\/v1\/chunks\/([0-9a-f]{32})$/.exec(path) ?? []
  if (chunk !== undefined) {
    const bytes = await images.chunk(await bearer(verifier, request), chunk as Hash)
    return bytes === undefined ? notFound(path) : unchanging('application/octet-stream', bytes)
  }
  const [, name, manifest] = /^\/v1\/universes\/([^/]+)\/images\/([0-9a-f]{32})$/.exec(path) ?? []
  const universe = name === undefined ? undefined : decodeName(name)
  if (universe === undefined) return notFound(path)
  const claims = await bearer(verifier, request)
  const text = await images.manifest(claims, universe, manifest as Hash)
  return text === undefined ? notFound(path) : unchanging('application/json', text)
}

async function bearer(verifier: TokenVerifier, request: IncomingMessage): Promise<TokenClaims> {
  const [, token = ''] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? []
  return verifier.verifyToken(token)
}

async function devToken(
  makeDevToken: (request: DevTokenRequest) => Promise<string>,
  request: IncomingMessage,
): Promise<Answer> {
  const text = await readBody(request)
  if (text === undefined) return refusal(413, 'relay/unavailable', 'the request is too large')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Told below, as any other text that is not the object it should be.
    value = undefined
  }
  const result = devTokenRequest.safeParse(value)
  if (!result.success) {
    const [issue] = result.error.issues
    const field = issue?.path.join('.') ?? ''
    return refusal(
      400,
      'relay/config-invalid',
      `send { "universe", "identity", "access"?, "expires"? }: ${field} ${issue?.message}`,
    )
  }
  const { expires, ...rest } = result.data
  return json(200, { token: await makeDevToken({ ...rest, lifetimeMs: expires }) })
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Uint8Array[] = []
  let byteCount = 0
  // The connection stays: the refusal has to be sent on it.
  for await (const part of request.iterator({
    destroyOnReturn: false,
  }) as AsyncIterable<Uint8Array>) {
    byteCount += part.length
    if (byteCount > BODY_BYTES_MAX) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function decodeName(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    // A stray percent sign: no universe is named so.
    return undefined
  }
}

function corsHeaders(origin: string): Record<string, string> {
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'GET, HEAD, POST',
    'access-control-allow-headers': 'authorization, content-type',
    'access-control-max-age': String(PREFLIGHT_SECONDS),
    vary: 'origin',
  }
}

function json(status: number, value: unknown): Answer {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
  return { status, body: JSON.stringify(value), headers }
}

/** What is named by its hash is never another. Private: a token was needed for it. */
function unchanging(type: string, body: string | Uint8Array): Answer {
  const headers = { 'content-type': type, 'cache-control': 'private, max-age=31536000, immutable' }
  return { status: 200, body, headers }
}

function refusal(status: number, code: string, message: string): Answer {
  return json(status, { error: { code, message } })
}

function notFound(path: string): Answer {
  return refusal(404, 'sync/refused', `there is nothing at ${path}`)
}

function notAllowed(allow: string): Answer {
  const given = refusal(405, 'sync/refused', `this path takes ${allow}`)
  return { ...given, headers: { ...given.headers, allow } }
}

function send(response: ServerResponse, { status, body = '', headers }: Answer): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  response.writeHead(status, {
    ...headers,
    'content-length': bytes.length,
    'x-content-type-options': 'nosniff',
  })
  // Node leaves the body of an answer to HEAD out by itself.
  response.end(bytes)
}
