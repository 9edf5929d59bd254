/** The command `inner-universe`: runs a relay, makes and revokes tokens, asks a relay how it is. */
import { join } from 'node:path'
import { isUniverseError, UniverseError } from '@inner-universe/core'
import { Command, InvalidArgumentError } from 'commander'
import { loadConfig, type RelayConfig, type RelayConfigInput } from './config.ts'
import { openRevocations, REVOCATIONS_FILE } from './revocations.ts'
import { readSecret } from './secret.ts'
import { startRelay } from './server.ts'
import { systemRandomBytes, systemScheduler } from './system.ts'
import { createToken, parseDurationMs } from './tokens.ts'

/** Longest time between a signal and the end. */
const STOP_MS_MAX = 5000

const STATUS_TOKEN_MS = 60_000
const STATUS_TIMEOUT_MS = 5000

interface ConfigFlags {
  readonly config?: string
  readonly data?: string
}

interface RunFlags extends ConfigFlags {
  readonly port?: number
  readonly host?: string
  readonly module?: readonly string[]
  readonly devTokens?: true
  readonly memory?: true
}

interface TokenFlags extends ConfigFlags {
  readonly universe: readonly string[]
  readonly identity: string
  readonly readOnly?: true
  readonly expires: number
  readonly id?: string
}

interface RevokeFlags extends ConfigFlags {
  readonly identity?: string
  readonly id?: string
}

/** Runs one command line (`process.argv`). Sets the exit code; prints what went wrong. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync([...argv])
  } catch (error) {
    if (!isUniverseError(error)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}

function program(): Command {
  const command = new Command('inner-universe').description(
    'A relay for Inner Universe: keeps universes and passes on what their replicas write.',
  )
  withConfig(command.command('run').description('Run a relay until it is told to stop.'))
    .option('--port <number>', 'port to listen on; 0: any that is free', port)
    .option('--host <address>', 'address to listen on')
    .option('--module <file...>', 'files that export the modules of universes')
    .option('--dev-tokens', 'give a token to whoever on this machine asks for one')
    .option('--memory', 'keep everything in memory; all is lost at the end')
    .action(run)
  withConfig(command.command('token').description('Make a token, signed with the relay’s secret.'))
    .requiredOption('--universe <name...>', 'universes it is for; *: every one')
    .requiredOption('--identity <name>', 'whom it is for')
    .option('--read-only', 'may read only')
    .option(
      '--expires <duration>',
      'how long it is good: 30d, 12h, 15m, 90s',
      duration,
      30 * 86_400_000,
    )
    .option('--id <id>', 'by which it can be revoked alone')
    .action(token)
  withConfig(command.command('revoke').description('Refuse a token or an identity from now on.'))
    .option('--identity <name>', 'refuse all its tokens')
    .option('--id <id>', 'refuse the token of that id')
    .action(revoke)
  withConfig(command.command('status').description('Ask a running relay how it is.'))
    .option('--url <url>', 'where it is, if not where the configuration says')
    .action(status)
  return command
}

function withConfig(command: Command): Command {
  return command
    .option('--config <file>', 'configuration, a JSON file')
    .option('--data <folder>', 'data directory')
}

async function run(flags: RunFlags): Promise<void> {
  const config = configOf(flags, {
    ...(flags.port !== undefined && { port: flags.port }),
    ...(flags.host !== undefined && { host: flags.host }),
    ...(flags.module !== undefined && { modules: [...flags.module] }),
    ...(flags.devTokens && { devTokens: true }),
    ...(flags.memory && { storage: 'memory' }),
  })
  const relay = await startRelay(config)
  const lines = [
    `Inner Universe relay: ${relay.url}`,
    config.storage === 'memory' ? 'nothing is kept: all is in memory' : `data: ${config.dataDir}`,
    config.devTokens
      ? `a token: curl -d '{"universe":"home","identity":"me"}' ${relay.url.replace('ws', 'http')}/v1/dev/token`
      : `a token: npx inner-universe token --universe home --identity me${dataFlags(flags)}`,
  ]
  console.log(lines.join('\n'))
  const stop = (): void => {
    // What was acknowledged is on disk already: a disk that hangs now does not keep the process.
    systemScheduler.setTimer(STOP_MS_MAX, () => process.exit(1))
    relay.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

async function token(flags: TokenFlags): Promise<void> {
  const config = configOf(flags)
  const nowMs = systemScheduler.now()
  const access = flags.readOnly ? 'read' : 'write'
  const text = await createToken({
    secret: readSecret(config, systemRandomBytes),
    identity: flags.identity,
    universes: Object.fromEntries(flags.universe.map((name) => [name, access])),
    issuedMs: nowMs,
    expiresMs: nowMs + flags.expires,
    ...(flags.id !== undefined && { tokenId: flags.id }),
  })
  console.log(text)
}

function revoke(flags: RevokeFlags): void {
  if (flags.identity === undefined && flags.id === undefined) {
    throw new UniverseError('relay/config-invalid', 'say what to revoke: --identity or --id')
  }
  const config = configOf(flags)
  openRevocations(join(config.dataDir, REVOCATIONS_FILE)).revoke({
    identities: flags.identity === undefined ? [] : [flags.identity],
    tokens: flags.id === undefined ? [] : [flags.id],
  })
  console.log('revoked; a running relay notices within seconds')
}

async function status(flags: ConfigFlags & { readonly url?: string }): Promise<void> {
  const config = configOf(flags)
  const nowMs = systemScheduler.now()
  const bearer = await createToken({
    secret: readSecret(config, systemRandomBytes),
    identity: 'operator',
    universes: { '*': 'read' },
    issuedMs: nowMs,
    expiresMs: nowMs + STATUS_TOKEN_MS,
  })
  const base = flags.url ?? `http://${config.host}:${config.port}`
  let response: Response
  try {
    response = await fetch(new URL('/v1/status', base.replace(/^ws/, 'http')), {
      headers: { authorization: `Bearer ${bearer}` },
      signal: AbortSignal.timeout(STATUS_TIMEOUT_MS),
    })
  } catch (cause) {
    throw new UniverseError(
      'relay/unavailable',
      `no relay answers at ${base}; start it, or give its address with --url`,
      { cause },
    )
  }
  if (!response.ok) {
    throw new UniverseError(
      'relay/unavailable',
      `the relay at ${base} answered ${response.status}; its secret may be another one`,
    )
  }
  console.log(JSON.stringify(await response.json(), null, 2))
}

function configOf(flags: ConfigFlags, more: RelayConfigInput = {}): RelayConfig {
  return loadConfig({
    file: flags.config,
    env: process.env,
    flags: { ...(flags.data !== undefined && { dataDir: flags.data }), ...more },
    folder: process.cwd(),
  })
}

/** The flags by which another command finds the same secret. */
function dataFlags({ config, data }: ConfigFlags): string {
  const flags = [config && ` --config ${config}`, data && ` --data ${data}`]
  return flags.filter(Boolean).join('')
}

function port(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value
  throw new InvalidArgumentError('give a port from 0 to 65535.')
}

function duration(text: string): number {
  const value = parseDurationMs(text)
  if (value !== undefined) return value
  throw new InvalidArgumentError('give a duration such as 30d, 12h, 15m or 90s.')
}
