/**
 * Fetches tokens of the relay from the pages, which alone can know one: from the first that has one
 * to give, which is usually the leader's, and from the next when it fails, is slow or goes away. Where
 * no page has come yet, or all have gone, it waits for one.
 */
import { UniverseError } from '@inner-universe/core'
import type { SyncItem, SyncNews } from '../../rpc/contract.ts'
import { decodeError } from '../../rpc/error-transfer.ts'
import { TOKEN_MS_MAX } from '../../rpc/limits.ts'

/** A page that may be asked. Compared by identity. */
export interface TokenGiver {
  readonly hasToken: boolean
  post(news: SyncNews): void
}

/** What the desk works with. */
export interface TokenDeskOptions {
  readonly givers: () => Iterable<TokenGiver>
  /** Sends what has been posted. */
  readonly flush: () => void
  readonly setTimer: (run: () => void, delayMs: number) => () => void
}

interface Question {
  readonly giver: TokenGiver
  readonly resolve: (token: string) => void
  readonly reject: (error: unknown) => void
}

/** Where tokens are asked for. */
export class TokenDesk {
  readonly #options: TokenDeskOptions
  readonly #questions = new Map<number, Question>()
  /** Who waits for a page. */
  readonly #waiting: (() => void)[] = []
  #lastId = 0

  constructor(options: TokenDeskOptions) {
    this.#options = options
  }

  /** A fresh token. @throws the error of the last page that was asked. */
  async fetch(): Promise<string> {
    const asked = new Set<TokenGiver>()
    for (;;) {
      const giver = this.#givers().find((each) => !asked.has(each))
      if (giver === undefined) {
        await new Promise<void>((resolve) => this.#waiting.push(resolve))
        continue
      }
      asked.add(giver)
      try {
        return await this.#ask(giver)
      } catch (error) {
        if (this.#givers().every((each) => asked.has(each)) && this.#givers().length > 0)
          throw error
      }
    }
  }

  /** A page has come. */
  welcome(giver: TokenGiver): void {
    if (!giver.hasToken) return
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** Takes an answer. One that comes too late is ignored. */
  take(item: Extract<SyncItem, { kind: 'token' | 'token-failed' }>): void {
    const question = this.#questions.get(item.id)
    if (item.kind === 'token') question?.resolve(item.token)
    else question?.reject(decodeError(item.error))
  }

  /** The page is gone. */
  drop(giver: TokenGiver): void {
    for (const question of [...this.#questions.values()]) {
      if (question.giver !== giver) continue
      question.reject(new UniverseError('client/closed', 'the tab that was asked has been closed'))
    }
  }

  #givers(): TokenGiver[] {
    return [...this.#options.givers()].filter(({ hasToken }) => hasToken)
  }

  async #ask(giver: TokenGiver): Promise<string> {
    const id = ++this.#lastId
    const { setTimer, flush } = this.#options
    let stopTimer: (() => void) | undefined
    try {
      return await new Promise<string>((resolve, reject) => {
        this.#questions.set(id, { giver, resolve, reject })
        stopTimer = setTimer(
          () => reject(new UniverseError('sync/unauthorized', 'the page gave no token in time')),
          TOKEN_MS_MAX,
        )
        giver.post({ kind: 'token-wanted', id })
        flush()
      })
    } finally {
      stopTimer?.()
      this.#questions.delete(id)
    }
  }
}
