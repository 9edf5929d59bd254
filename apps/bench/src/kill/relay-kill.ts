/**
 * Kills a relay while replicas write to it, again and again, and checks at the end that every delta
 * it acknowledged is in its log and on every replica, once, and that all replicas are equal.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { openUniverse } from '@inner-universe/client/node'
import { RelayProcess } from '../relay-process.ts'
import { type Ledger, ledger, partCountOf } from './ledger.ts'

const REPLICAS = 3
const IN_FLIGHT = 8
/** After a kill the relay confirms again within this time. */
const RECOVERY_MS_MAX = 60_000
/** After the last kill everything must have arrived everywhere within this time. */
const CONVERGE_MS_MAX = 60_000

/** What was found; all of it empty is what is wanted. */
export interface RelayKillResult {
  readonly acknowledged: number
  readonly lost: readonly string[]
  readonly doubled: readonly string[]
  readonly corrupt: readonly string[]
}

/** Runs the kills; `pauseMs` gives the time before each. */
export async function killRelay(options: {
  readonly killCount: number
  readonly pauseMs: () => number
  readonly say: (line: string) => void
}): Promise<RelayKillResult> {
  const folder = await mkdtemp(join(tmpdir(), 'inner-universe-replicas-'))
  const relay = await RelayProcess.start()
  const replicas: Ledger[] = []
  const open = async (name: string): Promise<Ledger> => {
    const replica = await openUniverse(ledger, {
      path: join(folder, `${name}.sqlite`),
      identity: name,
      sync: { url: relay.url, universe: 'ledger', token: relay.token },
    })
    replicas.push(replica)
    return replica
  }
  const confirmed = new Set<string>()
  const corrupt: string[] = []
  const writing = new AbortController()
  try {
    for (let index = 0; index < REPLICAS; index++) await open(`replica-${index}`)
    const writers = replicas.flatMap((replica, index) =>
      Array.from({ length: IN_FLIGHT }, (_, lane) =>
        write(replica, `r${index}l${lane}`, confirmed, writing.signal).catch((error: unknown) => {
          corrupt.push(`a writer failed: ${String(error)}`)
        }),
      ),
    )
    for (let kill = 1; kill <= options.killCount; kill++) {
      await delay(options.pauseMs())
      await relay.kill()
      await relay.restart()
      // Otherwise the next kill might meet a relay that nobody has come back to.
      await untilGrown(confirmed, corrupt)
      options.say(`  kill ${kill}: ${confirmed.size} calls acknowledged by the relay so far`)
    }
    writing.abort()
    await Promise.all(writers)
    // What the relay acknowledged must be in its log: a replica that has nothing else gets it there.
    const newcomer = await open('newcomer')
    await untilEqual(replicas, corrupt)
    const result = { lost: [] as string[], doubled: [] as string[] }
    for (const replica of replicas) await check(replica, confirmed, result, corrupt)
    await newcomer.close()
    return { acknowledged: confirmed.size, ...result, corrupt }
  } finally {
    writing.abort()
    await Promise.allSettled(replicas.map((replica) => replica.close()))
    await relay.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Waits until the relay has confirmed more than before. */
async function untilGrown(confirmed: ReadonlySet<string>, corrupt: string[]): Promise<void> {
  const before = confirmed.size
  const endMs = performance.now() + RECOVERY_MS_MAX
  while (confirmed.size === before) {
    if (performance.now() > endMs) {
      corrupt.push(`nothing was confirmed within ${RECOVERY_MS_MAX} ms after a kill`)
      return
    }
    await delay(10)
  }
}

/** Writes one call after the other, each when the relay has confirmed the one before. */
async function write(
  replica: Ledger,
  writer: string,
  confirmed: Set<string>,
  signal: AbortSignal,
): Promise<void> {
  for (let number = 1; !signal.aborted; number++) {
    const name = `${writer}-${number}-${1 + (number % 5)}`
    await replica.reducers.append({ call: name }).confirmed
    confirmed.add(name)
  }
}

/** Waits until nothing is unsynced and all digests are the same. */
async function untilEqual(replicas: readonly Ledger[], corrupt: string[]): Promise<void> {
  const endMs = performance.now() + CONVERGE_MS_MAX
  for (;;) {
    const unsynced = await Promise.all(replicas.map((replica) => replica.unsyncedCount()))
    const digests = await Promise.all(replicas.map((replica) => replica.digest()))
    if (unsynced.every((count) => count === 0) && new Set(digests).size === 1) return
    if (performance.now() > endMs) {
      corrupt.push(`not equal after ${CONVERGE_MS_MAX} ms: ${digests}, unsynced ${unsynced}`)
      return
    }
    await delay(100)
  }
}

async function check(
  replica: Ledger,
  confirmed: ReadonlySet<string>,
  result: { readonly lost: string[]; readonly doubled: string[] },
  corrupt: string[],
): Promise<void> {
  const rows = await replica.sql<{ call: string; parts: number }>(
    'SELECT call, count(*) AS parts FROM part GROUP BY call',
  )
  const partsByCall = new Map(rows.map(({ call, parts }) => [call, parts]))
  for (const name of confirmed) if (!partsByCall.has(name)) result.lost.push(name)
  for (const [name, parts] of partsByCall) {
    if (parts > partCountOf(name)) result.doubled.push(name)
    else if (parts < partCountOf(name)) corrupt.push(`${name} has ${parts} parts`)
  }
  const total = await replica.get('total', 'calls')
  if (total?.calls !== partsByCall.size) {
    corrupt.push(`${partsByCall.size} calls are there, and the counter says ${total?.calls}`)
  }
  corrupt.push(...(await replica.verify()))
}
