/** Runs a plan: its actions, then healing, rest, and everything that must hold then. */
import { MERGE_REDUCER, REVERT_REDUCER, type TableDefinitions } from '@inner-universe/core'
import { shownWords } from './document-content.ts'
import { EVIL } from './hostile-peer.ts'
import {
  checkEqual,
  checkLog,
  checkMarks,
  checkPosition,
  checkReferences,
  type Doubles,
  type Fail,
  rowName,
  shownRows,
} from './invariants.ts'
import { newerModule } from './module-under-test.ts'
import { type OracleLog, oracleRows } from './oracle.ts'
import { type Plan, randomFor } from './plan.ts'
import type { RunOutcome } from './seed-outcome.ts'
import { UNIVERSE } from './sim-relay.ts'
import type { SimReplica } from './sim-replica.ts'
import { checkVersions, droppedVersions } from './version-invariants.ts'
import { createWorld, type World } from './world.ts'

/** Virtual time that a healed world may take to come to rest, ms: waits double up to half a minute. */
const REST_MS_MAX = 1_200_000

/** How often it is looked whether it has, ms. */
const REST_LOOK_MS = 500

/** How long it must stay at rest, ms: longer than any timer that would still do something. */
const REST_STAYS_MS = 8000

const TABLES: TableDefinitions = Object.fromEntries(
  Object.entries(newerModule.tables).map(([name, { definition }]) => [name, definition]),
)

/** Runs a plan once. The same plan gives the same outcome. `onTrace` is told what happens. */
export async function runPlan(plan: Plan, onTrace?: (line: string) => void): Promise<RunOutcome> {
  const world = createWorld(plan, onTrace)
  const { time, watch } = world
  const onError = (error: unknown): void => {
    watch.fail('exception', error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  process.on('unhandledRejection', onError)
  try {
    for (const action of plan.actions) {
      await time.runUntil(action.atMs)
      if (watch.violation !== undefined) break
      world.act(action)
    }
    await time.runUntil(Math.max(time.elapsedMs(), plan.settings.durationMs))
    if (watch.violation === undefined) await rest(world)
    if (watch.violation === undefined) await check(world, plan.seed)
  } catch (error) {
    onError(error)
  } finally {
    world.close()
    await time.runUntil(time.elapsedMs())
    process.off('unhandledRejection', onError)
  }
  return {
    violation: watch.violation,
    elapsedMs: time.elapsedMs(),
    eventCount: time.eventCount(),
    callCount: world.committed.size,
    counts: watch.counts,
  }
}

/** Heals the world and waits until everything is said. */
async function rest(world: World): Promise<void> {
  const { time, relay, watch } = world
  world.heal()
  const endMs = time.elapsedMs() + REST_MS_MAX
  let hasCompacted = false
  let restedMs = 0
  while (time.elapsedMs() < endMs && watch.violation === undefined) {
    await time.runUntil(time.elapsedMs() + REST_LOOK_MS)
    restedMs = unrestOf(world) === undefined ? restedMs + REST_LOOK_MS : 0
    if (restedMs < REST_STAYS_MS) continue
    if (hasCompacted) return
    // Once more with all faults gone: floors and images of the final log.
    hasCompacted = true
    restedMs = 0
    relay.stopCompaction()
  }
  watch.fail('rest', `after ${REST_MS_MAX / 1000} s: ${unrestOf(world) ?? 'still moving'}`)
}

/** Why the world is not at rest; undefined: it is. */
function unrestOf(world: World): string | undefined {
  const head = world.log().length
  for (const { name, engine, sync, isFilling } of world.replicas) {
    if (engine === undefined || sync === undefined) return `${name} is off`
    if (isFilling) return `${name} is busy with versions`
    const { kind } = sync.status
    if (kind !== 'live') return `${name} is ${kind}: ${JSON.stringify(sync.status)}`
    const unsynced = engine.unsyncedCount()
    if (unsynced > 0) return `${name} has ${unsynced} unsent deltas`
    const { offset } = engine.replica.position()
    if (offset !== head) return `${name} has read up to ${offset} of ${head}`
  }
  return undefined
}

async function check(world: World, seed: number): Promise<void> {
  const { watch, relay } = world
  const fail: Fail = (invariant, message) => watch.fail(invariant, message)
  const log = world.log()
  const record = await relay.disk.store().find(UNIVERSE)
  const { twoWriters } = world
  const isRestored = (watch.counts['relay restores'] ?? 0) > 0
  const doubles = checkLog(log, { record, twoWriters, isRestored }, fail)
  const shown = world.replicas.map((replica) => {
    const engine = engineOf(replica)
    return { replica, engine, name: replica.name, rows: shownRows(engine, TABLES) }
  })
  const isForgotten: OracleLog['isForgotten'] = ({ table, id }, hlc) =>
    hlc <= (doubles.revived.get(rowName(table, id)) ?? 0)
  const rows = oracleRows({ log, isForgotten }, TABLES, randomFor(seed, 'oracle'))
  const oracle = { name: 'the oracle', rows }
  for (const { name, engine, rows } of shown) {
    for (const fault of engine.verify()) if (fault !== 'ok') fail('verify', `${name}: ${fault}`)
    checkPosition(name, engine.replica.position(), log, record, fail)
    if (!isRewritten(world)) checkMarks(name, engine, doubles.counted, fail)
    checkReferences(name, engine, TABLES, fail)
    checkEqual({ name, rows }, oracle, TABLES, 'oracle', fail)
    const [first] = shown
    if (first === undefined) continue
    checkEqual(first, { name, rows }, TABLES, 'equal', fail)
    if (first.engine.digest() !== engine.digest()) {
      fail('equal', `${name} has another digest than ${first.name} for the same rows`)
    }
  }
  checkCalls(world, doubles.revived, fail)
}

/** Whether a state was written into the present: by merging a branch, or by going back. */
function isRewritten({ watch: { counts } }: World): boolean {
  return counts[MERGE_REDUCER] !== undefined || counts[REVERT_REDUCER] !== undefined
}

/** [kept] [denied] [local] Every call and every word is where it should be, or there is a reason. */
function checkCalls(world: World, revived: Doubles['revived'], fail: Fail): void {
  const [first] = world.replicas
  if (first === undefined) return
  for (const marker of world.logged) {
    if (marker.startsWith(EVIL)) fail('denied', 'a batch of a hostile peer is in the log')
  }
  const engine = engineOf(first)
  const shown = checkMarks(first.name, engine, new Map(), () => undefined)
  const shownOf = shownWords(engine)
  const excused = world.excused()
  const versions = new Set(engine.history.versions().map(({ id }) => id))
  const dropped = droppedVersions(world.log())
  checkVersions(
    world.replicas.map((replica) => ({
      name: replica.name,
      engine: engineOf(replica),
      own: ownMarkers(replica),
    })),
    world.versions,
    excused.size + dropped.size > 0,
    fail,
  )
  const isKept = (marker: string): boolean => {
    if (shown.has(marker) || excused.has(marker)) return true
    if (versions.has(marker) || dropped.has(marker)) return true
    const owner = world.words.get(marker)
    if (owner === undefined) return false
    // Documents go with their owners; one that a floor has forgotten and undo brings back has none.
    const [table, id] = owner
    const isGone = engine.get(table, id) === undefined || revived.has(rowName(table, id))
    return isGone || shownOf.get(rowName(table, id))?.has(marker) === true
  }
  // What calls left is taken back and brought again as a whole.
  if (isRewritten(world)) return
  for (const marker of world.logged) {
    if (!isKept(marker)) fail('kept', `call ${marker} was in the relay's log, and is gone`)
  }
  for (const { name, memory, engine } of world.replicas) {
    const { deltas, undone, drafts } = memory.copy()
    for (const [marker, { stream, seq }] of deltas) {
      if (undone.has(marker) || isKept(marker)) continue
      fail(
        'kept',
        `call ${marker} (${stream} ${seq}) committed at ${name}, and is gone unexplained`,
      )
    }
    const texts = new Set(engine?.query({ table: 'draft', orderBy: [] }).map(({ text }) => text))
    for (const draft of drafts) {
      if (!texts.has(draft)) fail('local', `${name} has lost the local row of call ${draft}`)
    }
  }
  // What the relay refuses of a call may go alone: an update of a row that nobody has any more.
  for (const entry of world.log()) {
    const operations = entry.kind === 'batch' ? entry.deltas.flatMap((each) => each.operations) : []
    for (const operation of operations) {
      if (!('cells' in operation) || operation.table !== 'vault') continue
      const secret = String(operation.cells.secret)
      if (world.forbidden.has(secret)) fail('denied', `call ${secret} is in the log, and is denied`)
    }
  }
}

/** Markers of what committed on a disk that is there and was not undone. */
function ownMarkers({ memory }: SimReplica): ReadonlySet<string> {
  const { deltas, undone } = memory.copy()
  return new Set([...deltas.keys()].filter((marker) => !undone.has(marker)))
}

function engineOf({ engine, name }: SimReplica) {
  if (engine === undefined) throw new Error(`${name} is off`)
  return engine
}
