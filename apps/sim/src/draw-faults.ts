/** Draws the faults of a seed. */
import type { Random } from '@inner-universe/core'
import { drawMark, ITEM_KEYS } from './draw-call.ts'
import { type Draw, downTime, pick, placeOf, several, times } from './drawing.ts'
import type { Step } from './module-under-test.ts'
import type { Action, Hostility, Settings, TrapPlace } from './plan.ts'

const DAY_MS = 86_400_000

/** By how much clocks are wrong, ms. */
export const SKEWS_MS: readonly number[] = [
  2000,
  -2000,
  30_000,
  -30_000,
  50 * 60_000,
  -50 * 60_000,
  DAY_MS,
  -DAY_MS,
]

/** Every kind of fault. */
export const FAULTS: Readonly<Record<string, Draw>> = {
  drops: several((random, at) => ({ ...at, kind: 'drop', isSilent: random.next() < 0.3 }), 8),
  cuts: several((random, at) => ({ ...at, kind: 'cut', forMs: random.integer(100, 60_000) }), 3),
  delays: several(
    (random, at) => ({
      ...at,
      kind: 'delay',
      byMs: random.integer(100, 5000),
      forMs: random.integer(1000, 30_000),
    }),
    2,
  ),
  pauses: several((random, at) => ({ ...at, kind: 'pause', forMs: random.integer(10, 20_000) }), 3),
  crashes: several((random, at) => ({ ...at, kind: 'crash', downMs: downTime(random) }), 4),
  rollbacks: (random, settings) =>
    times(random, 2).flatMap((): Action[] => {
      const at = placeOf(random, settings)
      const later = random.integer(1, Math.ceil(settings.durationMs / 4))
      return [
        { ...at, kind: 'snapshot' },
        { ...at, atMs: at.atMs + later, kind: 'rollback', downMs: downTime(random) },
      ]
    }),
  evictions: several((random, at) => ({ ...at, kind: 'evict', downMs: downTime(random) }), 2),
  clones: several((_, at) => ({ ...at, kind: 'clone' }), 1),
  joiners: several(
    (random, { atMs }) => ({ atMs, kind: 'join', schemaVersion: random.next() < 0.5 ? 1 : 2 }),
    2,
  ),
  upgrades: several((_, at) => ({ ...at, kind: 'upgrade' }), 2),
  clocks: several((random, at) => ({ ...at, kind: 'skew', skewMs: pick(random, SKEWS_MS) }), 3),
  relayCrashes: several(
    (random, { atMs }) => ({
      atMs,
      kind: 'relay-crash',
      downMs: downTime(random),
      isSilent: random.next() < 0.3,
    }),
    3,
  ),
  restores: (random, settings) => {
    const backups = times(random, 3).map(
      (): Action => ({ kind: 'relay-backup', atMs: placeOf(random, settings).atMs }),
    )
    const restores = times(random, 2).flatMap((): Action[] => {
      const { atMs, replica } = placeOf(random, settings)
      const age = random.integer(0, 2)
      const restore: Action = { kind: 'relay-restore', atMs, age, downMs: downTime(random) }
      // An author who is gone: the others have to give back what it wrote.
      if (random.next() < 0.5) return [restore]
      const goneMs = Math.max(0, atMs - random.integer(1, 2000))
      return [{ kind: 'evict', atMs: goneMs, replica, downMs: downTime(random) }, restore]
    })
    return [...backups, ...restores]
  },
  traps: several(
    (random, at) => ({
      ...at,
      kind: 'trap',
      place: pick(random, TRAP_PLACES),
      downMs: downTime(random),
      times: random.integer(1, 2),
    }),
    3,
  ),
  hostilities: several(
    (random, { atMs }) => ({ atMs, kind: 'hostile', hostility: pick(random, HOSTILITIES) }),
    8,
  ),
  compactions: several((_, { atMs }) => ({ atMs, kind: 'compact' }), 3),
  revivals: (random, settings) =>
    times(random, 8).flatMap((_, index) => drawRevival(random, settings, index)),
}

/** Seats of which floors forget the bookings: nothing refers to them. */
const MORTAL_SEATS = ['3', '4']

/** Writes to what a floor is about to forget, by a replica that is away while the floor is laid. */
function drawRevival(random: Random, settings: Settings, index: number): readonly Action[] {
  const { compaction, durationMs } = settings
  if (compaction === undefined) return []
  const { everyMs, floorLagMs } = compaction
  const deadMs = random.integer(1000, durationMs)
  const againMs = deadMs + random.integer(1, floorLagMs + 3 * everyMs)
  const away = random.integer(0, 5)
  const call = (atMs: number, replica: number, part: number, drawn: DrawnCall): Action => {
    const args = { ...drawMark(random, `v${index}.${part}`), ...drawn.args }
    return { kind: 'call', atMs, replica, calls: [{ reducer: drawn.reducer, args }] }
  }
  const pause = (atMs: number): Action => {
    const forMs = againMs - atMs + random.integer(1, everyMs)
    return { kind: 'pause', atMs, replica: away, forMs }
  }
  if (random.next() < 0.5) {
    // A seat that is given up, and booked anew by whom has not heard of the floor yet.
    const args = { seat: pick(random, MORTAL_SEATS) }
    return [
      call(deadMs - random.integer(1, 1000), random.integer(0, 5), 0, { reducer: 'book', args }),
      call(deadMs, random.integer(0, 5), 1, { reducer: 'leave', args }),
      pause(random.integer(deadMs, againMs)),
      call(againMs, away, 2, { reducer: 'book', args }),
    ]
  }
  // A person who is deleted, and kept by a reference of whom has not heard of it yet.
  const person = random.integer(0, 5)
  const plain = { key: pick(random, ITEM_KEYS), pick: person, by: 1, element: 'x' }
  const removal: Step = { ...plain, act: 'delete', table: 'person', cells: {}, links: {} }
  const links = { owner: person }
  const rescue: Step = { ...plain, act: 'put', table: 'item', cells: { title: 't' }, links }
  return [
    pause(deadMs - random.integer(1, 1000)),
    call(deadMs, away + 1, 0, { reducer: 'write', args: { steps: [removal] } }),
    call(againMs, away, 1, { reducer: 'write', args: { steps: [rescue] } }),
  ]
}

/** A call but for its mark. */
interface DrawnCall {
  readonly reducer: string
  readonly args: Readonly<Record<string, unknown>>
}

const TRAP_PLACES: readonly TrapPlace[] = [
  'append-begun',
  'append-durable',
  'append-answered',
  'stage-opened',
  'take-over-begun',
  'take-over-done',
  'message-received',
]

const HOSTILITIES: readonly Hostility[] = [
  'noise',
  'mangled',
  'out-of-turn',
  'future',
  'foreign-stream',
  'bad-chain',
  'hidden-facts',
  'wrong-count',
  'bad-flags',
  'rewrite',
  'forgery',
]
