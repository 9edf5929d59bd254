/** Where sync stands, in words. */
import type { SyncStatus } from '@inner-universe/client'
import { formatBytes, formatCount } from '../data/format.ts'

/** How a state is coloured: all well, on its way, at rest, or in need of a person. */
export type SyncTone = 'good' | 'busy' | 'quiet' | 'bad'

/** A state as it is shown. */
export interface SyncLine {
  readonly tone: SyncTone
  /** One or two words. */
  readonly label: string
  /** What it means, and what to do if something is to be done. */
  readonly text: string
  /** From 0 to 1, while something is read. */
  readonly progress: number | undefined
}

/** What to do when changes cannot be sent, by code. */
const REMEDIES: Readonly<Record<string, string>> = {
  'sync/update-required': 'Reload the page to get its newest version. What is unsynced is kept.',
  'sync/quota': 'The relay has no more room for this universe. What is unsynced is kept.',
  'sync/refused': 'Choose another relay on the Sync page, or ask who runs this one.',
}

/** The words of a status. */
export function syncLineOf(status: SyncStatus): SyncLine {
  const line = (tone: SyncTone, label: string, text: string): SyncLine => ({
    tone,
    label,
    text,
    progress: undefined,
  })
  switch (status.kind) {
    case 'off':
      return line('quiet', 'No relay', 'Everything stays in this browser.')
    case 'offline':
      return line(
        'quiet',
        'Offline',
        'The relay cannot be reached. Everything works; changes are sent when it is back.',
      )
    case 'connecting':
      return line('busy', 'Connecting', 'Calling the relay.')
    case 'catching-up': {
      const { phase, done, total } = status
      const format = phase === 'image' ? formatBytes : formatCount
      return {
        tone: 'busy',
        label: 'Catching up',
        text: `Reading what other devices wrote: ${format(done)} of ${format(total)}${
          phase === 'image' ? '' : ' parts'
        }.`,
        progress: total === 0 ? 0 : Math.min(1, done / total),
      }
    }
    case 'live':
      return line('good', 'Live', 'Changes come and go as they are made.')
    case 'paused':
      return line(
        'quiet',
        'Paused',
        'You have switched sync off. Everything works; changes are sent when you go on.',
      )
    case 'denied':
      return line('bad', 'Denied', sentence(status.message))
    case 'blocked':
      return line(
        'bad',
        'Blocked',
        `${sentence(status.message)} ${REMEDIES[status.code] ?? ''}`.trim(),
      )
  }
}

/** Messages of the store are lower case and without a full stop. */
function sentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1)
  return /[.!?]$/.test(text) ? text : `${text}.`
}
