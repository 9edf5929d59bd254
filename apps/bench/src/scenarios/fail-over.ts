/**
 * Question: how long is a follower without answers when the leader's tab is closed?
 *
 * Workload: two tabs; the follower calls without pause, each call awaited; the leader is closed; the
 * longest wait of the follower is the sample.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type Figure, percentiles } from '../figure.ts'
import { callPart } from '../page-part.ts'
import type { Bench, Scenario } from '../scenario.ts'

const FAIL_OVER_COUNT = 20
const CALLING_MS = 1500

/** See the file's head. */
export const failOverScenario: Scenario = {
  name: 'fail-over',
  question: 'leader tab closed to the follower’s next answer: at most 200 ms p95',
  async run(bench: Bench): Promise<Figure[]> {
    const samples: number[] = []
    let leader = await bench.openPage('fail-over')
    await callPart(leader, 'fail-over', 'open')
    for (let turn = 0; turn < FAIL_OVER_COUNT; turn++) {
      const follower = await bench.openPage('fail-over')
      const role = await callPart(follower, 'fail-over', 'open')
      if (role !== 'follower') throw new Error(`the second tab is a ${role}`)
      // Let the follower get ready to take over, as it does when idle.
      await delay(500)
      const longest = callPart(follower, 'fail-over', 'longestWait', CALLING_MS)
      await delay(300)
      await leader.close()
      samples.push(await longest)
      leader = follower
    }
    return [
      {
        name: 'longest wait for an answer',
        unit: 'ms',
        ...percentiles(samples),
        budget: { on: 'p95', atMost: 200 },
      },
    ]
  },
}
