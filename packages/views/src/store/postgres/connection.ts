/** What of a Postgres client is used: `pg` has it, and is not imported here. */
import { UniverseError } from '@inner-universe/core'

/** A connection. A `pg.Client` that is connected, or one of a `pg.Pool`. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>
  /** A connection that breaks says so here; unheard, that would end the process. */
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
}

/** Connections to one database. A `pg.Pool`. */
export interface PostgresPool {
  connect(): Promise<PostgresClient & { release(isBroken?: boolean): void }>
}

/** Where the database is: a pool, whose broken connections are replaced, or a connection of one's own. */
export type PostgresSource = { readonly pool: PostgresPool } | { readonly client: PostgresClient }

/** One connection, from taking it to giving it back. */
export class Connection {
  readonly #client: PostgresClient
  readonly #release: (isBroken: boolean) => void
  #isBroken = false

  private constructor(client: PostgresClient, release: (isBroken: boolean) => void) {
    this.#client = client
    this.#release = release
    client.on('error', this.#onError)
  }

  /** @throws UniverseError `views/backend`. */
  static async take(source: PostgresSource): Promise<Connection> {
    if ('client' in source) return new Connection(source.client, () => undefined)
    try {
      const client = await source.pool.connect()
      return new Connection(client, (isBroken) => client.release(isBroken))
    } catch (error) {
      throw backendError(error)
    }
  }

  /** Takes a connection for the time of some work. */
  static async use<T>(source: PostgresSource, work: (by: Connection) => Promise<T>): Promise<T> {
    const connection = await Connection.take(source)
    try {
      return await work(connection)
    } finally {
      connection.release()
    }
  }

  /**
   * Runs one statement, or several where there are no values.
   *
   * @throws UniverseError `views/backend`; `details.backendCode` is the SQLSTATE, or that of the network.
   */
  async query<Row = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<readonly Row[]> {
    try {
      const { rows } = await this.#client.query(text, values && [...values])
      return (rows ?? []) as readonly Row[]
    } catch (error) {
      if (!isSqlState(codeOf(error)) || codeOf(error).startsWith('57P')) this.#isBroken = true
      throw backendError(error)
    }
  }

  /** Gives it back; to be closed if it broke. */
  release(): void {
    this.#client.removeListener('error', this.#onError)
    this.#release(this.#isBroken)
  }

  /** The query that is under way fails with it, or the next one. */
  readonly #onError = (): void => {
    this.#isBroken = true
  }
}

/** What a lock that others have is refused with. */
export const LOCK_NOT_AVAILABLE = '55P03'

/** True when the server itself refused: then nothing of the statement was done. */
export function isSqlState(code: unknown): boolean {
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)
}

function backendError(cause: unknown): UniverseError {
  const code = codeOf(cause)
  const message = cause instanceof Error ? cause.message : String(cause)
  return new UniverseError(
    'views/backend',
    `Postgres refused or went away (${code}): ${message}; nothing of the step was kept, retry`,
    { details: { backendCode: code }, cause },
  )
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : 'connection'
}

/** A name as an SQL identifier, whatever it holds. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
