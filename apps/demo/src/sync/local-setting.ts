/**
 * What this browser remembers of the app besides the universe, by key. Where the browser denies
 * storage it lasts as long as the page.
 */
const unkept = new Map<string, string>()

const PREFIX = 'inner-universe-demo.'

/** The setting, or undefined where there is none. */
export function readSetting(key: string): string | undefined {
  try {
    return localStorage.getItem(PREFIX + key) ?? undefined
  } catch {
    // Denied.
    return unkept.get(key)
  }
}

/** Keeps a setting; undefined takes it away. */
export function writeSetting(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + key)
    else localStorage.setItem(PREFIX + key, value)
  } catch {
    if (value === undefined) unkept.delete(key)
    else unkept.set(key, value)
  }
}

/** Calls back when another tab has changed a setting. Returns the end of it. */
export function onSettingChange(key: string, listener: () => void): () => void {
  const hear = (event: StorageEvent): void => {
    if (event.key === PREFIX + key) listener()
  }
  window.addEventListener('storage', hear)
  return () => window.removeEventListener('storage', hear)
}
