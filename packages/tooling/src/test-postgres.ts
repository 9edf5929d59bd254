/**
 * A Postgres to test against: the one of `DATABASE_URL`, or a server of our own.
 *
 * Its own server lives in a temporary folder on a free port of 127.0.0.1, does without syncs, and ends
 * with whoever started it. The programs are those of an installed Postgres; on Debian, as root, they are
 * installed first if there are none. Nothing is skipped quietly: without a server it fails and says how
 * to give one.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  accessSync,
  chownSync,
  constants,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { findFreePort } from './free-port.ts'

/** What finding and installing need of the machine; tests pass their own. */
export interface PostgresHost {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly isRoot: boolean
  /** The text of /etc/os-release, empty where there is none. */
  readonly osRelease: string
  /** Names of a folder's entries; none where there is no folder. */
  list(folder: string): readonly string[]
  isExecutable(path: string): boolean
  /** Runs a command to its end with its output on stderr; true when it exits with 0. */
  run(command: string, args: readonly string[]): boolean
  /** Tells a person one line. */
  say(line: string): void
}

/** A server for tests. */
export interface TestPostgres {
  /** `postgres://…`: a user who may create schemas, and a database that exists. */
  readonly url: string
  /** Ends the server and removes its folder, if it is our own. Idempotent. */
  stop(): Promise<void>
}

/** Where Debian puts one folder per version. */
const DEBIAN_FOLDER = '/usr/lib/postgresql'

/** Other places; then `PATH`. First found wins. */
const FOLDERS = ['/usr/local/pgsql/bin', '/opt/homebrew/bin', '/usr/local/bin']

/** Keeps Debian's package from starting a cluster of the system's when it is installed. */
const NO_MAIN_CLUSTER = `mkdir -p /etc/postgresql-common/createcluster.d &&
echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/no-main-cluster.conf`

/** A server that takes longer than this to start is stuck. */
const START_MS_MAX = 60_000

const HOW_TO =
  'install PostgreSQL, or set DATABASE_URL to a database whose user may create schemas (postgres://user:password@host:5432/name)'

/** The folder of `initdb` and `postgres`, or undefined. Of several versions the newest. */
export function findPostgres(host: PostgresHost = thisMachine()): string | undefined {
  const versions = [...host.list(DEBIAN_FOLDER)].sort((a, b) => Number(b) - Number(a))
  const folders = [
    ...versions.map((version) => `${DEBIAN_FOLDER}/${version}/bin`),
    ...FOLDERS,
    ...(host.env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''),
  ]
  return folders.find((folder) =>
    ['initdb', 'postgres'].every((name) => host.isExecutable(join(folder, name))),
  )
}

/**
 * The folder of the programs, installed first if there are none.
 *
 * @throws Error when there are none and none could be installed.
 */
export function ensurePostgres(host: PostgresHost = thisMachine()): string {
  const found = findPostgres(host)
  if (found !== undefined) return found
  if (host.isRoot && /^ID="?debian"?$/m.test(host.osRelease)) {
    const isDone =
      host.run('sh', ['-c', NO_MAIN_CLUSTER]) &&
      host.run('apt-get', ['update']) &&
      host.run('apt-get', ['install', '-y', 'postgresql'])
    const folder = isDone ? findPostgres(host) : undefined
    if (folder !== undefined) {
      host.say(`Postgres: none found, installed ${folder} with apt-get`)
      return folder
    }
  }
  throw new Error(`no Postgres found and none could be installed; ${HOW_TO}`)
}

/**
 * Starts a server, or gives the one of `DATABASE_URL`. Takes one to three seconds.
 *
 * @throws Error that says what to do when there is no server and none can be started.
 */
export async function startTestPostgres(host: PostgresHost = thisMachine()): Promise<TestPostgres> {
  const given = host.env.DATABASE_URL
  if (given) return { url: given, stop: () => Promise.resolve() }
  const programs = ensurePostgres(host)
  const owner = host.isRoot ? serverUser() : {}
  const folder = mkdtempSync(join(tmpdir(), 'inner-universe-postgres-'))
  // Tried again, because a server that is being ended may still write.
  const remove = (): void =>
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  try {
    if ('uid' in owner) chownSync(folder, owner.uid, owner.gid)
    const data = join(folder, 'data')
    initialise(join(programs, 'initdb'), data, owner)
    const port = await findFreePort()
    const server = await startServer(join(programs, 'postgres'), { data, folder, port, owner })
    // Nobody else ends it when a test run is broken off.
    const onExit = (): void => {
      server.kill('SIGQUIT')
      remove()
    }
    process.once('exit', onExit)
    return {
      url: `postgres://postgres@127.0.0.1:${port}/postgres`,
      async stop() {
        process.removeListener('exit', onExit)
        await ended(server)
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}

type Owner = { readonly uid: number; readonly gid: number } | Record<string, never>

/** Postgres refuses to run as root. */
function serverUser(): Owner {
  const users = readTextIfThere('/etc/passwd').split('\n')
  for (const name of ['postgres', 'nobody']) {
    const fields = users.find((line) => line.startsWith(`${name}:`))?.split(':')
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) }
  }
  throw new Error(`Postgres does not run as root, and there is no user postgres; ${HOW_TO}`)
}

function initialise(initdb: string, data: string, owner: Owner): void {
  const args = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N']
  const { status, stderr, error } = spawnSync(initdb, args, {
    ...owner,
    cwd: '/',
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  if (status === 0) return
  throw new Error(`initdb failed: ${error?.message ?? stderr.trim()}; ${HOW_TO}`)
}

function startServer(
  postgres: string,
  { data, folder, port, owner }: { data: string; folder: string; port: number; owner: Owner },
): Promise<ChildProcess> {
  const settings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']
  const args = [
    ...['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', folder],
    ...settings.flatMap((setting) => ['-c', setting]),
  ]
  const server = spawn(postgres, args, { ...owner, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] })
  return new Promise((resolve, reject) => {
    let said = ''
    const onExit = (code: number | null): void => fail(`it ended with ${code}.`)
    const timer = setTimeout(() => fail(`nothing in ${START_MS_MAX} ms.`), START_MS_MAX)
    const fail = (why: string): void => {
      clearTimeout(timer)
      server.kill('SIGQUIT')
      reject(new Error(`Postgres did not start: ${why} ${said.trim()}; ${HOW_TO}`))
    }
    server.once('error', (error) => fail(error.message))
    server.once('exit', onExit)
    server.stderr.setEncoding('utf8')
    const onText = (text: string): void => {
      said += text
      if (!said.includes('ready to accept connections')) return
      clearTimeout(timer)
      server.removeListener('exit', onExit)
      // Read on all the same: a full pipe would stop the server.
      server.stderr.removeListener('data', onText).resume()
      resolve(server)
    }
    server.stderr.on('data', onText)
  })
}

/** Ends a server of ours: at once, since nothing in it is needed any more. */
function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    server.once('exit', () => resolve())
    server.kill('SIGQUIT')
  })
}

function thisMachine(): PostgresHost {
  return {
    env: process.env,
    isRoot: process.getuid?.() === 0,
    osRelease: readTextIfThere('/etc/os-release'),
    list(folder) {
      try {
        return readdirSync(folder)
      } catch {
        // No Postgres of Debian's is installed.
        return []
      }
    },
    isExecutable(path) {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        // Not there, or not for us: either way it cannot be used.
        return false
      }
    },
    run(command, args) {
      const result = spawnSync(command, args, {
        stdio: ['ignore', process.stderr, process.stderr],
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      })
      return result.status === 0
    },
    say: (line) => console.error(line),
  }
}

function readTextIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Systems other than Linux have no such file.
    return ''
  }
}
