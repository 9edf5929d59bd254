/** Tabs for the browser tests: iframes, which the browser ends with their workers when removed. */
import type { openJobs } from './open-jobs.ts'
import type { openShared } from './open-shared.ts'
import type { openTodos } from './open-todos.ts'
import type { openVersioned } from './open-versioned.ts'

/** A tab under the test's control. */
export interface FrameTab {
  readonly openTodos: typeof openTodos
  readonly openShared: typeof openShared
  readonly openJobs: typeof openJobs
  readonly openVersioned: typeof openVersioned
  /** Ends the tab as a crash does: nothing in it runs any more. */
  kill(): void
}

/** Opens an empty tab that can open the test modules. */
export async function openFrameTab(): Promise<FrameTab> {
  const frame = document.createElement('iframe')
  const isReady = new Promise<void>((resolve) => {
    addEventListener('message', function listen({ source, data }) {
      if (source !== frame.contentWindow || data !== 'tab ready') return
      removeEventListener('message', listen)
      resolve()
    })
  })
  // A document with a URL of its own, because workers are found relative to it; any text will do.
  frame.src = new URL('./frame-tab.ts', import.meta.url).href
  document.body.append(frame)
  await new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }))
  // Vitest has every `import()` of what it serves run through this.
  const runner = '__vitest_browser_runner__'
  Reflect.set(frame.contentWindow as object, runner, Reflect.get(globalThis, runner))
  const script = frame.contentDocument?.createElement('script') as HTMLScriptElement
  script.type = 'module'
  script.src = new URL('./tab.ts', import.meta.url).href
  frame.contentDocument?.body.append(script)
  await isReady
  const tab = frame.contentWindow as unknown as Omit<FrameTab, 'kill'>
  const { openTodos, openShared, openJobs, openVersioned } = tab
  return { openTodos, openShared, openJobs, openVersioned, kill: () => frame.remove() }
}
