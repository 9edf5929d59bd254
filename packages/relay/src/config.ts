/**
 * The relay's configuration: a JSON file, overridden by the environment, overridden by flags. README,
 * "Configuration", says what each field does.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DOCUMENT_CHECKPOINT_BYTES_MAX, UniverseError } from '@inner-universe/core'
import {
  AWARE_BYTES_MAX,
  CLOCK_AHEAD_MS_MAX,
  CONTENT_BYTES_MAX,
  CREDIT_BYTES,
  FRAME_BYTES_MAX,
  HELLO_TIMEOUT_MS,
  RELAY_SILENCE_MS,
  WINDOW_BATCHES,
  WINDOW_BYTES,
} from '@inner-universe/sync'
import { z } from 'zod'

const MEBIBYTE = 1024 * 1024
const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** Shortest secret: HS256 is as strong as its key, and a shorter one can be guessed. */
export const SECRET_CHARACTERS_MIN = 32

const count = (min: number, what: string) =>
  z.int({ error: `give ${what}, a whole number` }).min(min, `give ${what}, ${min} or more`)
const text = (what: string) => z.string({ error: `give ${what}` }).min(1, `give ${what}`)

const limits = z.strictObject({
  connectionsMax: count(1, 'how many connections are open at once').default(10_000),
  helloTimeoutMs: count(10, 'ms until a connection must have said hello').default(HELLO_TIMEOUT_MS),
  requestTimeoutMs: count(10, 'ms until an HTTP request must be whole').default(15_000),
  silenceMs: count(10, 'ms of silence after which a connection ends').default(RELAY_SILENCE_MS),
  messagesPerSecond: count(1, 'messages a second of one connection').optional(),
  pushBytesPerSecond: count(1024, 'bytes a second that one connection may push').optional(),
  frameBytesMax: count(1024, 'bytes of the largest message').default(FRAME_BYTES_MAX),
  contentBytesMax: count(1024, 'bytes of the largest batch, inflated').default(CONTENT_BYTES_MAX),
  windowBatches: count(1, 'batches pushed and not yet acknowledged').default(WINDOW_BATCHES),
  windowBytes: count(1024, 'bytes pushed and not yet acknowledged').default(WINDOW_BYTES),
  creditBytes: count(1024, 'bytes sent beyond what a replica has read').default(CREDIT_BYTES),
  awareBytesMax: count(16, 'bytes of one awareness state').default(AWARE_BYTES_MAX),
  universeBytesMax: count(1024, 'bytes of the log of one universe').optional(),
  clockAheadMsMax: count(0, 'ms that a clock may be ahead').default(CLOCK_AHEAD_MS_MAX),
})

const retention = z.strictObject({
  floorLagMs: count(0, 'ms that a floor lies behind').default(7 * DAY_MS),
  sessionMemoryMs: count(0, 'ms for which a replica that was not seen is waited for').default(
    30 * DAY_MS,
  ),
  imageEveryEntries: count(1, 'entries between two images').default(10_000),
  imageEveryBytes: count(1, 'bytes of log between two images').default(256 * 1024),
  imagesKept: count(1, 'images kept of a universe').default(2),
  everyMs: count(10, 'ms between two looks at what can be compacted').default(MINUTE_MS),
})

const yjs = z.strictObject({
  enabled: z.boolean({ error: 'give true or false' }).default(true),
  idleMs: count(0, 'ms that documents stay open without clients').default(MINUTE_MS),
  gatherMs: count(0, 'ms in which updates of one client gather').default(100),
  updateBytesMax: count(1024, 'bytes of the largest update')
    .max(DOCUMENT_CHECKPOINT_BYTES_MAX, `give ${DOCUMENT_CHECKPOINT_BYTES_MAX} or less`)
    .default(4 * MEBIBYTE),
  waitingBytesMax: count(1024, 'bytes of one document taken in and not kept yet').default(
    8 * MEBIBYTE,
  ),
  bufferedBytesMax: count(1024, 'bytes sent and not read').default(MEBIBYTE),
  messagesPerSecond: count(1, 'messages a second of one connection').default(1000),
  documentsMax: count(1, 'documents open on one connection').default(100),
  awarenessClientsMax: count(1, 'clients with a state in one document').default(256),
})

const schema = z.strictObject({
  host: text('an address to listen on').default('127.0.0.1'),
  port: z
    .int({ error: 'give a port from 0 to 65535' })
    .min(0, 'give a port from 0 to 65535')
    .max(65_535, 'give a port from 0 to 65535')
    .default(8787),
  storage: z
    .enum(['sqlite', 'memory'], { error: 'give "sqlite", or "memory" to keep nothing' })
    .default('sqlite'),
  dataDir: text('a folder').default('inner-universe-data'),
  secret: z
    .string({ error: 'give a text' })
    .min(SECRET_CHARACTERS_MIN, `give at least ${SECRET_CHARACTERS_MIN} characters`)
    .optional(),
  secretFile: text('the path of a file').optional(),
  modules: z.array(text('the path of a file'), { error: 'give a list of paths' }).default([]),
  allowedOrigins: z
    .array(text('an origin'), { error: 'give a list of origins' })
    .default(['http://localhost:*', 'http://127.0.0.1:*']),
  devTokens: z.boolean({ error: 'give true or false' }).default(false),
  logLevel: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      error: 'give fatal, error, warn, info, debug, trace or silent',
    })
    .default('info'),
  limits: limits.prefault({}),
  retention: retention.prefault({}),
  yjs: yjs.prefault({}),
})

/** Bounds a relay keeps to. README has what each is for. */
export interface RelayLimits {
  readonly connectionsMax: number
  readonly helloTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly silenceMs: number
  readonly messagesPerSecond?: number | undefined
  readonly pushBytesPerSecond?: number | undefined
  readonly frameBytesMax: number
  readonly contentBytesMax: number
  readonly windowBatches: number
  readonly windowBytes: number
  readonly creditBytes: number
  readonly awareBytesMax: number
  readonly universeBytesMax?: number | undefined
  readonly clockAheadMsMax: number
}

/** How long things are kept, and how often they are looked at. */
export interface Retention {
  readonly floorLagMs: number
  readonly sessionMemoryMs: number
  readonly imageEveryEntries: number
  readonly imageEveryBytes: number
  readonly imagesKept: number
  readonly everyMs: number
}

/** How ordinary Yjs clients are served. README has what each is for. */
export interface YjsConfig {
  readonly enabled: boolean
  readonly idleMs: number
  readonly gatherMs: number
  readonly updateBytesMax: number
  readonly waitingBytesMax: number
  readonly bufferedBytesMax: number
  readonly messagesPerSecond: number
  readonly documentsMax: number
  readonly awarenessClientsMax: number
}

/** Everything a relay can be told, with its defaults filled in. Paths are absolute. */
export interface RelayConfig {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  readonly storage: 'sqlite' | 'memory'
  readonly dataDir: string
  readonly secret?: string | undefined
  readonly secretFile?: string | undefined
  readonly modules: readonly string[]
  readonly allowedOrigins: readonly string[]
  readonly devTokens: boolean
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  readonly limits: RelayLimits
  readonly retention: Retention
  readonly yjs: YjsConfig
}

/** What a person may write: any part of it. */
export type RelayConfigInput = Partial<Omit<RelayConfig, 'limits' | 'retention' | 'yjs'>> & {
  readonly limits?: Partial<RelayLimits>
  readonly retention?: Partial<Retention>
  readonly yjs?: Partial<YjsConfig>
}

/**
 * Checks a configuration and fills in what it leaves out. Relative paths are taken from `folder`.
 *
 * @throws UniverseError `relay/config-invalid` with the field, what is wrong and what to do.
 */
export function parseConfig(input: unknown, folder: string): RelayConfig {
  const result = schema.safeParse(input)
  if (!result.success) {
    const [issue] = result.error.issues
    throw configInvalid(issue === undefined ? 'it is wrong' : sentence(issue))
  }
  const config: RelayConfig = result.data
  if (config.secret !== undefined && config.secretFile !== undefined) {
    throw configInvalid('"secret" and "secretFile" are both given; keep one of them')
  }
  if (config.devTokens && !isLoopback(config.host)) {
    throw configInvalid(
      `"devTokens" gives a token to whoever asks, and "host" is ${config.host}; switch it off, or listen on 127.0.0.1`,
    )
  }
  if (config.limits.frameBytesMax < config.limits.contentBytesMax) {
    throw configInvalid(
      `"limits.contentBytesMax" (${config.limits.contentBytesMax}) is above "limits.frameBytesMax" (${config.limits.frameBytesMax}); a message holds a batch, so lower it`,
    )
  }
  return absolute(config, folder) as unknown as RelayConfig
}

/** Where {@link loadConfig} looks. */
export interface ConfigSources {
  /** Path of the JSON file; without it there is none. */
  readonly file?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** From the command line; the last word. */
  readonly flags?: RelayConfigInput
  /** Of relative paths in the environment and flags. */
  readonly folder: string
}

/**
 * Reads the configuration from a file, the environment (`INNER_UNIVERSE_…`) and flags.
 *
 * @throws UniverseError `relay/config-invalid`.
 */
export function loadConfig(sources: ConfigSources): RelayConfig {
  const { file, env, flags = {}, folder } = sources
  const overrides = absolute({ ...readEnvironment(env), ...flags }, folder)
  if (file === undefined) return parseConfig(overrides, folder)
  const path = resolve(folder, file)
  const written = absolute(readFile(path), dirname(path))
  // A secret given on the way replaces the file's, in whichever of the two fields that was.
  if ('secret' in overrides || 'secretFile' in overrides) {
    delete written.secret
    delete written.secretFile
  }
  return parseConfig({ ...written, ...overrides }, folder)
}

const VARIABLES: Readonly<Record<string, (value: string) => RelayConfigInput>> = {
  INNER_UNIVERSE_HOST: (host) => ({ host }),
  INNER_UNIVERSE_PORT: (port) => ({ port: Number(port) }),
  INNER_UNIVERSE_DATA: (dataDir) => ({ dataDir }),
  INNER_UNIVERSE_STORAGE: (storage) => ({ storage }) as RelayConfigInput,
  INNER_UNIVERSE_SECRET: (secret) => ({ secret }),
  INNER_UNIVERSE_SECRET_FILE: (secretFile) => ({ secretFile }),
  INNER_UNIVERSE_MODULES: (paths) => ({ modules: paths.split(',') }),
  INNER_UNIVERSE_ALLOWED_ORIGINS: (origins) => ({ allowedOrigins: origins.split(',') }),
  INNER_UNIVERSE_DEV_TOKENS: (value) =>
    ({
      devTokens: value === 'true' ? true : value === 'false' ? false : value,
    }) as RelayConfigInput,
  INNER_UNIVERSE_LOG_LEVEL: (logLevel) => ({ logLevel }) as RelayConfigInput,
}

function readEnvironment(env: ConfigSources['env']): RelayConfigInput {
  let input: RelayConfigInput = {}
  for (const [name, read] of Object.entries(VARIABLES)) {
    const value = env[name]
    if (value !== undefined && value !== '') input = { ...input, ...read(value) }
  }
  return input
}

function readFile(path: string): Record<string, unknown> {
  if (!existsSync(path)) throw configInvalid(`there is no file ${path}; check the path`)
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch (cause) {
    throw configInvalid(`${path} is not JSON: ${(cause as Error).message}; correct it`, cause)
  }
  throw configInvalid(`${path} does not hold an object; write { … }`)
}

/** The same input with its relative paths taken from a folder; what is no path is left to the check. */
function absolute(input: object, folder: string): Record<string, unknown> {
  const path = (value: unknown) => (typeof value === 'string' ? resolve(folder, value) : value)
  const result: Record<string, unknown> = { ...input }
  for (const key of ['dataDir', 'secretFile']) if (key in result) result[key] = path(result[key])
  if (Array.isArray(result.modules)) result.modules = result.modules.map(path)
  return result
}

function sentence(issue: z.core.$ZodIssue): string {
  const path = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys
    const field = [...issue.path, key].join('.')
    return `"${field}" is not a field; remove it, or see the README for its name`
  }
  return path === '' ? `it is not an object; write { … }` : `"${path}" is wrong: ${issue.message}`
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function configInvalid(what: string, cause?: unknown): UniverseError {
  return new UniverseError(
    'relay/config-invalid',
    `the relay's configuration: ${what}`,
    cause === undefined ? {} : { cause },
  )
}
