/** The switch with which a person keeps this browser from sending and reading; it outlasts a reload. */
import type { UniverseSync } from '@inner-universe/client'
import { readSetting, writeSetting } from './local-setting.ts'

const SETTING = 'offline'

/** Whether the switch is on. */
export function isOfflineWanted(): boolean {
  return readSetting(SETTING) !== undefined
}

/** Turns the switch, in all tabs. */
export function setOfflineWanted(
  sync: Pick<UniverseSync, 'pause' | 'resume'>,
  isWanted: boolean,
): void {
  writeSetting(SETTING, isWanted ? 'wanted' : undefined)
  if (isWanted) sync.pause()
  else sync.resume()
}
