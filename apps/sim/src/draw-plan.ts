/** Draws the plan of a seed. */
import type { Random } from '@inner-universe/core'
import { drawCall, drawMark, twinOf } from './draw-call.ts'
import { drawDocuments } from './draw-documents.ts'
import { FAULTS, SKEWS_MS } from './draw-faults.ts'
import { drawSketches } from './draw-sketches.ts'
import { drawStates, drawVersions } from './draw-versions.ts'
import { type Draw, pick } from './drawing.ts'
import { type Action, type Plan, randomFor, type Settings } from './plan.ts'

/** The plan of a seed: settings, calls, and the faults of the few kinds it has. */
export function drawPlan(seed: number): Plan {
  const random = randomFor(seed, 'plan')
  const settings = drawSettings(random)
  const actions = drawCalls(random, settings)
  for (const draw of Object.values(FAULTS)) {
    // Every fault at once hides faults: each seed has a few kinds only.
    if (random.next() < FAULT_SHARE) actions.push(...draw(random, settings))
  }
  for (const [name, { share, draw }] of Object.entries(WORK)) {
    // Of its own randomness: what a seed had before there was such work, it still has.
    const own = randomFor(seed, name)
    if (own.next() < share) actions.push(...draw(own, settings))
  }
  return { seed, settings, actions: actions.sort((a, b) => a.atMs - b.atMs) }
}

/** Share of seeds that have a given kind of fault. */
const FAULT_SHARE = 0.25

/** What users do beside calls. */
const WORK: Readonly<Record<string, { readonly share: number; readonly draw: Draw }>> = {
  documents: { share: 0.4, draw: drawDocuments },
  sketches: { share: 0.4, draw: drawSketches },
  versions: { share: 0.4, draw: drawVersions },
  // Where states are written, less is known of single calls.
  states: { share: 0.15, draw: drawStates },
}

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
