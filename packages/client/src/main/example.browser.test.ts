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
  await vi.waitFor(() => expect(items()).toHaveLength(before + 1))
  const open = items().filter((item) => item.startsWith('☐')).length
  document.querySelector('li')?.click()
  await vi.waitFor(() =>
    expect(items().filter((item) => item.startsWith('☐'))).toHaveLength(open - 1),
  )
})
