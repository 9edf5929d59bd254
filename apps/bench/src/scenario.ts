/** What a scenario is given and gives. One file each in `scenarios/`. */
import type { BrowserContext, Page } from 'playwright'
import type { Figure } from './figure.ts'

/** A browser on a profile of its own, and the built page. */
export interface Bench {
  /** Opens the page with one part loaded (see `page/main.ts`). */
  openPage(part: string): Promise<Page>
  readonly context: BrowserContext
  /** A recorded editing trace to replay, if one was given. */
  readonly tracePath: string | undefined
  /** Says how far it has come. */
  say(line: string): void
}

/** One question with its answer in figures. */
export interface Scenario {
  readonly name: string
  /** What is asked, and the budget it is held against. */
  readonly question: string
  run(bench: Bench): Promise<readonly Figure[]>
}
