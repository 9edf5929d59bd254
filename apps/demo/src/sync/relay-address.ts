/** Which relay this browser syncs with. */
import { onSettingChange, readSetting, writeSetting } from './local-setting.ts'

/** Holds its address, or nothing for no relay. */
const RELAY_SETTING = 'relay'

/** The relay of `npm start`: on the machine the page comes from. */
export function defaultRelayUrl(): string {
  const { protocol, hostname } = window.location
  const port: string = import.meta.env.VITE_RELAY_PORT ?? '8787'
  return `${protocol === 'https:' ? 'wss' : 'ws'}://${hostname}:${port}`
}

/** The relay to sync with; undefined: none. */
export function relayUrl(): string | undefined {
  const kept = readSetting(RELAY_SETTING) ?? defaultRelayUrl()
  return kept === '' ? undefined : kept
}

/** Sets the relay to sync with from the next load of the page on; undefined: none. */
export function saveRelayUrl(url: string | undefined): void {
  writeSetting(RELAY_SETTING, url === defaultRelayUrl() ? undefined : (url ?? ''))
}

/** What is wrong with an address; undefined: nothing. */
export function faultOfRelayUrl(text: string): string | undefined {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    return 'This is not an address. Write one such as ws://127.0.0.1:8787.'
  }
  return url.protocol === 'ws:' || url.protocol === 'wss:'
    ? undefined
    : 'The address of a relay begins with ws:// or wss://.'
}

/** Loads the page anew when another tab has chosen another relay: all tabs sync with the same. */
export function reloadWithRelay(): void {
  onSettingChange(RELAY_SETTING, () => window.location.reload())
}
