/**
 * Fetches tokens of the relay from the pages, which alone can know one: from the first that has one
 * to give, which is usually the leader's, and from the next when it fails, is slow or goes away.
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
  #lastId = 0

  constructor(options: TokenDeskOptions) {
    this.#options = options
  }

  /** A fresh token. @throws the error of the last page that was asked, or `sync/unauthorized`. */
  async fetch(): Promise<string> {
    let failure: unknown = new UniverseError(
      'sync/unauthorized',
      'no tab that is open has a token for the relay; give openUniverse one',
    )
    for (const giver of [...this.#options.givers()]) {
      if (!giver.hasToken) continue
      try {
        return await this.#ask(giver)
      } catch (error) {
        failure = error
      }
    }
    throw failure
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
