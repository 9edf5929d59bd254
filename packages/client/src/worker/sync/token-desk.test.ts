import { expect, test } from 'vitest'
import type { SyncNews } from '../../rpc/contract.ts'
import { TokenDesk, type TokenGiver } from './token-desk.ts'

function setup(...hasToken: boolean[]) {
  const asked: { readonly giver: number; readonly id: number }[] = []
  const timers = new Set<() => void>()
  const givers: TokenGiver[] = hasToken.map((has, giver) => ({
    hasToken: has,
    post: (news: SyncNews) => {
      if (news.kind === 'token-wanted') asked.push({ giver, id: news.id })
    },
  }))
  let flushCount = 0
  const desk = new TokenDesk({
    givers: () => givers,
    flush: () => flushCount++,
    setTimer: (run) => {
      timers.add(run)
      return () => timers.delete(run)
    },
  })
  const expire = (): void => {
    for (const run of [...timers]) run()
  }
  /** Lets promises run that are due. */
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))
  return { desk, givers, asked, timers, expire, settle, flushCount: () => flushCount }
}

test('the first page that has a token is asked', async () => {
  const { desk, asked, timers, flushCount } = setup(false, true, true)
  const token = desk.fetch()
  expect(asked).toEqual([{ giver: 1, id: 1 }])
  expect(flushCount()).toBe(1)
  desk.take({ kind: 'token', id: 1, token: 'secret' })
  expect(await token).toBe('secret')
  expect(timers.size).toBe(0)
})

test('the next page is asked when one fails, is slow or goes away', async () => {
  const { desk, givers, asked, expire, settle } = setup(true, true, true, true)
  const token = desk.fetch()
  desk.take({ kind: 'token-failed', id: 1, error: { name: 'Error', message: 'no' } })
  await settle()
  expire()
  await settle()
  desk.drop(givers[2] as TokenGiver)
  await settle()
  expect(asked.map(({ giver }) => giver)).toEqual([0, 1, 2, 3])
  // Too late.
  desk.take({ kind: 'token', id: 2, token: 'old' })
  desk.take({ kind: 'token', id: 4, token: 'new' })
  expect(await token).toBe('new')
})

test('when nobody has one, the last failure is told', async () => {
  const { desk } = setup(true)
  const token = desk.fetch()
  desk.take({ kind: 'token-failed', id: 1, error: { name: 'Error', message: 'signed out' } })
  await expect(token).rejects.toThrow('signed out')
})

test('where no page has a token, it waits for one that has', async () => {
  const { desk, givers, asked, settle } = setup(false)
  const token = desk.fetch()
  desk.welcome(givers[0] as TokenGiver)
  await settle()
  expect(asked).toEqual([])
  const post = (news: SyncNews): void => {
    if (news.kind === 'token-wanted') asked.push({ giver: 1, id: news.id })
  }
  givers.push({ hasToken: true, post })
  desk.welcome(givers[1] as TokenGiver)
  await settle()
  expect(asked).toEqual([{ giver: 1, id: 1 }])
  desk.take({ kind: 'token', id: 1, token: 'secret' })
  expect(await token).toBe('secret')
})
