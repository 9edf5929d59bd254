/**
 * Load on a real relay process, and on the servers of Yjs beside it, one after the other.
 *
 * `npm run load -- --universes U --writers W --readers R --rate N --seconds S [--only name]`: writers
 * and readers are counted per universe, the rate is over all writers. `--idle N` instead opens N
 * sockets that say hello and no more, and tells what they cost.
 */
import { parseArgs } from 'node:util'
import { percentiles } from '../figure.ts'
import type { Contender } from './contender.ts'
import { type Load, type LoadResult, runLoad } from './load-run.ts'
import { measureIdle, relay } from './relay-contender.ts'
import { hocuspocus, yWebsocket } from './yjs-contenders.ts'

const CONTENDERS: readonly Contender[] = [relay, yWebsocket, hocuspocus]

const { values } = parseArgs({
  options: {
    universes: { type: 'string', default: '20' },
    writers: { type: 'string', default: '2' },
    readers: { type: 'string', default: '10' },
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '10' },
    only: { type: 'string' },
    idle: { type: 'string' },
  },
})

function count(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} is a whole number`)
  return value
}

function show(value: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(value < 10 ? 2 : 1)
}

function report(result: LoadResult): void {
  const ack = percentiles(result.ackMs)
  const peer = percentiles(result.peerMs)
  const [megabytes, share] = [result.residentBytes / 1e6, result.cpuShare * 100]
  console.log(`\n${result.name} (acknowledged means: ${result.promise})`)
  console.log(
    `  push -> ack   p50 ${show(ack.p50)} ms, p95 ${show(ack.p95)}, p99 ${show(ack.p99)} (${result.acknowledged} of ${result.sent})`,
  )
  console.log(
    `  push -> peer  p50 ${show(peer.p50)} ms, p95 ${show(peer.p95)}, p99 ${show(peer.p99)}`,
  )
  console.log(
    `  deliveries    ${result.delivered} of ${result.expected} in ${show(result.seconds)} s: ${Math.round(result.delivered / result.seconds)}/s, writes ${Math.round(result.sent / result.seconds)}/s`,
  )
  console.log(`  server        ${show(share)} % of a core, ${show(megabytes)} MB resident`)
}

async function main(): Promise<void> {
  if (values.idle !== undefined) {
    const { sockets, residentBytes, idleBytes } = await measureIdle(count('idle', values.idle))
    console.log(
      `${sockets} idle sockets: ${show(residentBytes / 1e6)} MB resident, ${show(idleBytes / 1e6)} MB with none`,
    )
    return
  }
  const load: Load = {
    universes: count('universes', values.universes),
    writers: count('writers', values.writers),
    readers: count('readers', values.readers),
    rate: count('rate', values.rate),
    seconds: count('seconds', values.seconds),
  }
  console.log(`load: ${JSON.stringify(load)}`)
  for (const contender of CONTENDERS) {
    if (values.only === undefined || values.only === contender.name) {
      report(await runLoad(contender, load))
    }
  }
}

await main()
