/**
 * Plans: everything that happens to a world, drawn from a seed before it begins.
 *
 * A plan is plain data. What it leaves open (delays of messages, say) is drawn, while it runs, from
 * randomness of its own for each node, so that leaving out one action changes little else: a failing
 * plan can be made smaller.
 */
import { createRandom, type Random } from '@inner-universe/core'
import type { CallArguments, Step } from './module-under-test.ts'

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
  | 'forgery' // a good batch with a false content of a version: nobody may believe it
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
  /** Adds to a document: of the item with that key, or of one of the notes. */
  | (DocumentPlace & { readonly kind: 'append'; readonly replica: number; readonly marker: string })
  /** Makes one checkpoint of a document, in the place of all its rows or of every second. */
  | (DocumentPlace & {
      readonly kind: 'compact-document'
      readonly replica: number
      readonly isPartial: boolean
    })
  /** Calls that can be undone, each a step of its own unless they are a group. */
  | {
      readonly kind: 'sketch'
      readonly replica: number
      readonly scope: string
      readonly isGroup: boolean
      readonly calls: readonly (readonly Step[])[]
      /** Undone at once, with nothing in between: nothing may be left. */
      readonly isTakenBack: boolean
    }
  /** Undoes so many steps and does so many again. */
  | {
      readonly kind: 'turn'
      readonly replica: number
      readonly scope: string
      readonly undos: number
      readonly redos: number
    }
  /** Names the present, after writes of the same group. */
  | {
      readonly kind: 'name-version'
      readonly replica: number
      readonly steps: readonly Step[]
    }
  /** Makes a version of a branch by calls that leave the present alone. */
  | {
      readonly kind: 'draft'
      readonly replica: number
      readonly branch: string
      readonly calls: readonly { readonly reducer: string; readonly args: CallArguments }[]
    }
  | { readonly kind: 'merge-branch'; readonly replica: number; readonly branch: string }
  | { readonly kind: 'revert'; readonly replica: number; readonly pick: number }
  /** Lets one version go, or, with `keepLast`, all but the last ones. */
  | {
      readonly kind: 'drop-versions'
      readonly replica: number
      readonly pick: number
      readonly keepLast: number | undefined
    }
)

/** Scopes of undo, the first of them used most. */
export const SCOPES: readonly string[] = ['board', 'list']

/** A document, by how its owner is found at whatever replica. */
export interface DocumentPlace {
  readonly table: 'item' | 'note'
  readonly key: string
  readonly pick: number
}

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
