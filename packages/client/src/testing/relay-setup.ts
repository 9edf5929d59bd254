// Global set-up of the browser tests: a relay they can reach, which keeps nothing.
import { parseConfig, startRelay } from '@inner-universe/relay'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  /** What set-up files provide to tests. */
  export interface ProvidedContext {
    /** Address of a relay that gives tokens to whoever asks. */
    relayUrl: string
  }
}

/** Called by Vitest, in its own process, before the first test; gives the end. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const relay = await startRelay(
    parseConfig(
      {
        port: 0,
        storage: 'memory',
        devTokens: true,
        logLevel: 'silent',
        retention: { imageEveryEntries: 10, everyMs: 100 },
      },
      process.cwd(),
    ),
  )
  project.provide('relayUrl', relay.url)
  return () => relay.close()
}
