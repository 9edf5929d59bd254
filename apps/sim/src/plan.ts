/**
 * Plans: everything that happens to a world, drawn from a seed before it begins.
 *
 * A plan is plain data. What it leaves open (delays of messages, say) is drawn, while it runs, from
 * randomness of its own for each node, so that leaving out one action changes little else: a failing
 * plan can be made smaller.
 */
import { createRandom, type Random } from '@inner-universe/core'
import { type CallArguments, type Mark, type Step, TALLIES } from './module-under-test.ts'

/** A place at which an aimed crash waits for its victim. */
export type TrapPlace =
  | 'append-begun' // the relay was told to append; nothing is on its disk
  | 'append-durable' // it is on the disk; nobody knows
  | 'append-answered' // the appender knows; acknowledgements are under way
  | 'stage-opened' // a replica is being rebuilt: between image and tail
  | 'take-over-begun'
  | 'take-over-done' // it is on the disk; the caller does not know
  | 'message-received' // a replica took in something from the relay

/** What a hostile peer sends. */
export type Hostility =
  | 'noise' // frames of random bytes
  | 'mangled' // a frame with a bit changed
  | 'out-of-turn' // messages before their time
  | 'future' // a batch stamped a day ahead
  | 'foreign-stream' // a batch that continues another's stream
  | 'bad-chain' // a batch whose predecessor is not the head
  | 'hidden-facts' // a header with another clock than its content
  | 'wrong-count' // a header that counts fewer deltas than there are
  | 'bad-flags' // a batch that claims to be encrypted
  | 'rewrite' // a good batch that changes a row of an append-only table: nobody may obey it

/** One thing that happens at one time. Replicas are numbered, modulo how many there are by then. */
export type Action = { readonly atMs: number } & (
  | {
      readonly kind: 'call'
      readonly replica: number
      readonly calls: readonly { readonly reducer: string; readonly args: CallArguments }[]
    }
  | { readonly kind: 'drop'; readonly replica: number; readonly isSilent: boolean }
  | { readonly kind: 'cut'; readonly replica: number; readonly forMs: number }
  | {
      readonly kind: 'delay'
      readonly replica: number
      readonly byMs: number
      readonly forMs: number
    }
  | { readonly kind: 'pause'; readonly replica: number; readonly forMs: number }
  | { readonly kind: 'crash'; readonly replica: number; readonly downMs: number }
  | { readonly kind: 'snapshot'; readonly replica: number }
  | { readonly kind: 'rollback'; readonly replica: number; readonly downMs: number }
  | { readonly kind: 'evict'; readonly replica: number; readonly downMs: number }
  | { readonly kind: 'clone'; readonly replica: number }
  | { readonly kind: 'join'; readonly schemaVersion: 1 | 2 }
  | { readonly kind: 'upgrade'; readonly replica: number }
  | { readonly kind: 'skew'; readonly replica: number; readonly skewMs: number }
  | { readonly kind: 'relay-crash'; readonly downMs: number; readonly isSilent: boolean }
  | { readonly kind: 'relay-backup' }
  | { readonly kind: 'relay-restore'; readonly age: number; readonly downMs: number }
  | { readonly kind: 'compact' }
  | {
      readonly kind: 'trap'
      readonly place: TrapPlace
      readonly replica: number
      readonly downMs: number
      /** Strikes so many times in a row. */
      readonly times: number
    }
  | { readonly kind: 'hostile'; readonly hostility: Hostility }
)

/** What holds all the time. */
export interface Settings {
  /** How long actions go on, ms. */
  readonly durationMs: number
  /** One per replica there is from the start. */
  readonly replicas: readonly {
    readonly schemaVersion: 1 | 2
    readonly skewMs: number
    /** May not write the table `vault`. */
    readonly isLimited: boolean
    /** When it is first started. */
    readonly startsAtMs: number
  }[]
  /** Devices correct their clocks only when they are wrong by a second: equal stamps then come about. */
  readonly isCoarse: boolean
  /** Longest time an append takes to reach the relay's disk, ms. */
  readonly fsyncMsMax: number
  /** Longest time any other access to the relay's storage takes, ms. */
  readonly storageMsMax: number
  /** How the relay shortens its log; undefined: never. */
  readonly compaction:
    | {
        readonly everyMs: number
        readonly floorLagMs: number
        readonly sessionMemoryMs: number
        readonly imageEveryEntries: number
        /** Forgets what an image replaces; else whoever was away reads across floors. */
        readonly truncates: boolean
      }
    | undefined
}

/** A world and its fate. */
export interface Plan {
  readonly seed: number
  readonly settings: Settings
  /** In order of time. */
  readonly actions: readonly Action[]
}

/** Randomness for one purpose of one seed. */
export function randomFor(seed: number, purpose: string): Random {
  return createRandom(new TextEncoder().encode(`${seed} ${purpose}`))
}

const ITEM_KEYS = ['a', 'b', 'c', 'd']
const SEATS = ['1', '2']
const HANDLES = ['ann', 'bob', 'cat', 'dan']
const ELEMENTS = ['x', 'y', 'z']

/** Kinds of fault of which a seed has some. Each draws its own actions. */
type Draw = (random: Random, settings: Settings) => readonly Action[]

const DAY_MS = 86_400_000
const SKEWS_MS = [2000, -2000, 30_000, -30_000, 50 * 60_000, -50 * 60_000, DAY_MS, -DAY_MS]

/** Draws the plan of a seed. */
export function drawPlan(seed: number): Plan {
  const random = randomFor(seed, 'plan')
  const settings = drawSettings(random)
  const actions = drawCalls(random, settings)
  for (const draw of Object.values(FAULTS)) {
    // Every fault at once hides faults: each seed has a few kinds only.
    if (random.next() < FAULT_SHARE) actions.push(...draw(random, settings))
  }
  return { seed, settings, actions: actions.sort((a, b) => a.atMs - b.atMs) }
}

/** Share of seeds that have a given kind of fault. */
const FAULT_SHARE = 0.25

function drawSettings(random: Random): Settings {
  const durationMs = pick(random, [10_000, 30_000, 60_000, 120_000])
  const replicaCount = random.integer(2, 4)
  const isSkewed = random.next() < 0.3
  const isMixed = random.next() < 0.3
  const isLimiting = random.next() < 0.25
  const isLate = random.next() < 0.3
  return {
    durationMs,
    replicas: Array.from({ length: replicaCount }, (_, index) => ({
      schemaVersion: isMixed && random.next() < 0.5 ? 1 : 2,
      skewMs: isSkewed && random.next() < 0.5 ? pick(random, SKEWS_MS) : 0,
      isLimited: isLimiting && index > 0 && random.next() < 0.6,
      startsAtMs: isLate && random.next() < 0.5 ? random.integer(0, durationMs) : 0,
    })),
    isCoarse: random.next() < 0.5,
    fsyncMsMax: pick(random, [2, 10, 100]),
    storageMsMax: pick(random, [0, 0, 3]),
    compaction:
      random.next() < 0.5
        ? {
            everyMs: pick(random, [2000, 10_000]),
            floorLagMs: pick(random, [1000, 5000, 20_000]),
            sessionMemoryMs: pick(random, [8000, 30_000, 600_000]),
            imageEveryEntries: pick(random, [3, 10, 40]),
            truncates: random.next() < 0.7,
          }
        : undefined,
  }
}

function drawCalls(random: Random, settings: Settings): Action[] {
  const count = random.integer(5, 50)
  const isBursty = random.next() < 0.3
  const burstMs = random.integer(0, settings.durationMs)
  const calls: Action[] = []
  for (let index = 0; index < count; index++) {
    const atMs = isBursty
      ? Math.min(settings.durationMs, burstMs + random.integer(0, 2000))
      : random.integer(0, settings.durationMs)
    const replica = random.integer(0, 5)
    const size = random.next() < 0.2 ? random.integer(2, 4) : 1
    const group = Array.from({ length: size }, (_, part) => drawCall(random, `${index}.${part}`))
    calls.push({ kind: 'call', atMs, replica, calls: group })
    // In the same millisecond elsewhere: clocks that are equal but for the stream.
    if (random.next() < 0.15) {
      const twin = twinOf(group, drawMark(random, `${index}.x`))
      calls.push({ kind: 'call', atMs, replica: replica + 1, calls: [twin] })
    }
  }
  return calls
}

interface Call {
  readonly reducer: string
  readonly args: CallArguments
}

/** A call that writes other texts into the cells of the first of some calls. */
function twinOf([first]: readonly Call[], mark: Mark): Call {
  const steps = ((first?.args.steps ?? []) as readonly Step[]).map((step) => ({
    ...step,
    cells: Object.fromEntries(
      Object.entries(step.cells).map(([name, value]) => [
        name,
        typeof value === 'string' && name !== 'color' ? `${value}x` : value,
      ]),
    ),
  }))
  return { reducer: 'write', args: { ...mark, steps } }
}

function drawMark(random: Random, marker: string): Mark {
  return { marker, tally: pick(random, TALLIES), by: random.integer(1, 1000) }
}

function drawCall(random: Random, marker: string): Call {
  const mark = drawMark(random, marker)
  const draw = random.next()
  if (draw < 0.08) return { reducer: 'book', args: { ...mark, seat: pick(random, SEATS) } }
  if (draw < 0.12) return { reducer: 'leave', args: { ...mark, seat: pick(random, SEATS) } }
  if (draw < 0.17) return { reducer: 'hoard', args: { ...mark, key: pick(random, ITEM_KEYS) } }
  if (draw < 0.25) {
    const size = random.integer(0, 9)
    return { reducer: 'decorate', args: { ...mark, key: pick(random, ITEM_KEYS), size } }
  }
  const steps = Array.from({ length: random.integer(1, 4) }, () => drawStep(random))
  return { reducer: draw < 0.29 ? 'fail' : 'write', args: { ...mark, steps } }
}

function drawStep(random: Random): Step {
  const table = pick(random, ['item', 'item', 'person', 'note', 'note'] as const)
  const acts = ['put', 'put', 'update', 'update', 'delete', 'increment', 'add', 'remove'] as const
  const act = pick(random, acts)
  const text = `t${random.integer(0, 99)}`
  const links: Record<string, string | number | null> = {}
  const link = (column: string, toPerson: boolean): void => {
    if (random.next() < 0.4) return
    const toNothing = random.next() < 0.15
    links[column] = toNothing ? null : toPerson ? random.integer(0, 5) : pick(random, ITEM_KEYS)
  }
  const cells: Record<string, string | number | boolean> = {}
  if (table === 'item') {
    if (act === 'put' || random.next() < 0.6) cells.title = text
    if (random.next() < 0.4) cells.note = text
    if (random.next() < 0.4) cells.size = random.integer(0, 9)
    if (random.next() < 0.3) cells.isDone = random.next() < 0.5
    if (random.next() < 0.3) cells.meta = text
    if (random.next() < 0.3) cells.color = pick(random, ['red', 'green'])
    link('owner', true)
    link('parent', false)
    link('friend', false)
  } else if (table === 'person') {
    cells.name = text
    if (random.next() < 0.5) cells.handle = pick(random, HANDLES)
    link('best', false)
    link('boss', true)
    link('spouse', true)
  } else {
    cells.text = text
    link('about', false)
    link('by', true)
  }
  return {
    act,
    table,
    key: pick(random, ITEM_KEYS),
    pick: random.integer(0, 9),
    cells,
    links,
    by: random.integer(-5, 5),
    element: pick(random, ELEMENTS),
  }
}

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
]

interface Place {
  readonly atMs: number
  readonly replica: number
}

function placeOf(random: Random, settings: Settings): Place {
  return { atMs: random.integer(0, settings.durationMs), replica: random.integer(0, 5) }
}

function several(draw: (random: Random, place: Place) => Action, most: number): Draw {
  return (random, settings) =>
    times(random, most).map(() => draw(random, placeOf(random, settings)))
}

function times(random: Random, most: number): readonly undefined[] {
  return Array.from({ length: random.integer(1, most) })
}

function downTime(random: Random): number {
  return random.next() < 0.3 ? 0 : random.integer(10, 15_000)
}

function pick<T>(random: Random, of: readonly T[]): T {
  return of[random.integer(0, of.length - 1)] as T
}
