import { expect, test, vi } from 'vitest'
import page from '../../example/index.html?raw'
import { plans } from '../../example/plans.ts'
import syncedPage from '../../example/synced.html?raw'
import { deleteUniverse, openUniverse } from './index.ts'

test('the example adds todos and ticks them off', async () => {
  // Without its script, which a test imports by itself.
  document.body.innerHTML = page.replace(/<script.*<\/script>/, '')
  await import('../../example/main.ts')
  const input = document.querySelector('input') as HTMLInputElement
  const items = (): string[] =>
    [...document.querySelectorAll('li')].map((item) => item.textContent ?? '')
  const before = items().length
  input.value = 'milk'
  document.querySelector('button')?.click()
  await vi.waitFor(() => expect(items()).toHaveLength(before + 1), { timeout: 5_000 })
  const openCount = (): number => items().filter((item) => item.startsWith('☐')).length
  const openBefore = openCount()
  document.querySelector('li')?.click()
  await vi.waitFor(() => expect(openCount()).toBe(openBefore - 1), { timeout: 5_000 })
})

test('the synced example works while its relay is not there, and says so', async () => {
  document.body.innerHTML = syncedPage.replace(/<script.*<\/script>/, '')
  await import('../../example/synced.ts')
  const input = document.querySelector('input') as HTMLInputElement
  const output = (): string | null | undefined => document.querySelector('output')?.textContent
  const toSend = (): number => Number(/, (\d+) to send/.exec(output() ?? '')?.[1])
  const before = toSend()
  input.value = 'milk'
  document.querySelector('button')?.click()
  const first = (): string | null | undefined => document.querySelector('li')?.textContent
  await vi.waitFor(() => expect([toSend(), first()]).toEqual([before + 1, '☐ milk']), {
    timeout: 5_000,
  })
  expect(output()).toMatch(/^(offline|connecting), \d+ to send, 0 others here$/)
})

test('the example with a declared view shows what is open, also when it is opened again', async () => {
  document.body.innerHTML = '<output></output>'
  const { universe } = await import('../../example/plans-main.ts')
  const output = (): string | null | undefined => document.querySelector('output')?.textContent
  const project = `p${Math.random()}`
  const id = await universe.reducers.add({ project })
  await universe.reducers.add({ project })
  await vi.waitFor(() => expect(output()).toContain(`${project}: 2`), { timeout: 5_000 })
  await universe.reducers.finish({ id })
  await vi.waitFor(() => expect(output()).toContain(`${project}: 1`), { timeout: 5_000 })
  await universe.close()
  const again = await openUniverse(plans, {
    name: 'plans',
    worker: () =>
      new Worker(new URL('../../example/plans.worker.ts', import.meta.url), { type: 'module' }),
  })
  expect(await again.viewStates()).toEqual([{ view: 'openByProject', kind: 'ready', fedRows: 0 }])
  expect(await again.query((q) => q.openByProject.where({ project }))).toEqual([
    { project, count: 1 },
  ])
  expect(await again.sql('SELECT count FROM openByProject WHERE project = ?1', [project])).toEqual([
    { count: 1 },
  ])
  expect(await again.verify()).toEqual([])
  await again.close()
})

test('the example with versions reads what was, drafts, and merges what it drafted', async () => {
  await deleteUniverse('recipes')
  document.body.innerHTML = '<output></output>'
  const { universe } = await import('../../example/recipes-main.ts')
  expect(document.querySelector('output')?.textContent).toBe(
    'Boil. → Boil. Add chilli. 1 more, 0 conflicts',
  )
  expect(await universe.query((q) => q.recipe.orderBy('title'))).toMatchObject([
    { title: 'Bread', steps: 'Bake.' },
    { title: 'Soup', steps: 'Boil. Add chilli.' },
  ])
  expect((await universe.versions.history()).map(({ description }) => description)).toEqual([
    'Soup with chilli, and bread',
    'With chilli',
    'As grandmother made it',
  ])
  expect(await universe.verify()).toEqual([])
  await universe.close()
})
