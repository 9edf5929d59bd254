import { expect, test, vi } from 'vitest'
import page from '../../example/index.html?raw'
import syncedPage from '../../example/synced.html?raw'

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
  await vi.waitFor(() => expect(toSend()).toBe(before + 1), { timeout: 5_000 })
  expect(document.querySelector('li')?.textContent).toBe('☐ milk')
  expect(output()).toMatch(/^(offline|connecting), \d+ to send, 0 others here$/)
})
