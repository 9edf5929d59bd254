// Global set-up of the browser tests: removes the browser's profile when they have ended.
import { rmSync } from 'node:fs'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  /** What `vite.config.ts` provides to set-up files and tests. */
  export interface ProvidedContext {
    /** Directory of the browser's profile. */
    profile: string
  }
}

/** Called by Vitest, in its own process, before the first test. */
export function setup(project: TestProject): void {
  const { profile } = project.getProvidedContext()
  // Not a tear-down function: Vitest calls those while the browser still writes its profile.
  process.once('exit', () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }))
}
