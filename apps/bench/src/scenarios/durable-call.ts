/**
 * Question: how long does one awaited call take, page → worker → OPFS → page, flushed to disk?
 *
 * Workload: 500 calls, each awaited before the next. Floor: one bare insert in one transaction,
 * across the same thread boundary. Peers doing the same work: Dexie (IndexedDB, strict and relaxed
 * durability), PGlite on IndexedDB. On paper: 0.1 ms for two thread crossings, 0.3 ms for the flush.
 */
import { type Figure, percentiles } from '../figure.ts'
import { callPart } from '../page-part.ts'
import type { Bench, Scenario } from '../scenario.ts'

const CALL_COUNT = 500
const PEER_CALL_COUNT = 200

/** See the file's head. */
export const durableCallScenario: Scenario = {
  name: 'durable-call',
  question: 'one durable call: at most 2 ms p50, 8 ms p95',
  async run(bench: Bench): Promise<Figure[]> {
    const page = await bench.openPage('calls')
    const floor = percentiles(await callPart(page, 'calls', 'durableFloor', CALL_COUNT))
    const ours = percentiles(await callPart(page, 'calls', 'durableCalls', CALL_COUNT))
    const strict = percentiles(
      await callPart(page, 'calls', 'durableDexie', PEER_CALL_COUNT, 'strict'),
    )
    const relaxed = percentiles(
      await callPart(page, 'calls', 'durableDexie', PEER_CALL_COUNT, 'relaxed'),
    )
    const pglite = percentiles(await callPart(page, 'calls', 'durablePglite', PEER_CALL_COUNT))
    const ratio = (p50: number): number => p50 / floor.p50
    return [
      { name: 'bare driver in a worker', unit: 'ms', ...floor },
      {
        name: 'reducer call',
        unit: 'ms',
        ...ours,
        ratioToFloor: ratio(ours.p50),
        budget: { on: 'p50', atMost: 2 },
      },
      {
        name: 'reducer call, tail',
        unit: 'ms',
        ...ours,
        budget: { on: 'p95', atMost: 8 },
      },
      { name: 'Dexie, strict', unit: 'ms', ...strict, ratioToFloor: ratio(strict.p50) },
      { name: 'Dexie, relaxed', unit: 'ms', ...relaxed, ratioToFloor: ratio(relaxed.p50) },
      { name: 'PGlite', unit: 'ms', ...pglite, ratioToFloor: ratio(pglite.p50) },
    ]
  },
}
