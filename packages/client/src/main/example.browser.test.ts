import { expect, test, vi } from 'vitest'
import page from '../../example/index.html?raw'

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
