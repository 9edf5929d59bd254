/** What other devices are told of this one. */
import { readSetting, writeSetting } from './local-setting.ts'

/** One installation of the app, as it shows itself to others. */
export interface Device {
  /** The identity its changes are made under. */
  readonly id: string
  readonly name: string
  /** Of Mantine's colours. */
  readonly color: string
}

/** Longest name, in UTF-16 units. */
export const DEVICE_NAME_LENGTH_MAX = 32

const ID_SETTING = 'device'
const NAME_SETTING = 'device-name'

const NAMES = [
  'Heron',
  'Otter',
  'Lynx',
  'Wren',
  'Marten',
  'Ibis',
  'Badger',
  'Finch',
  'Hare',
  'Vole',
]
const COLORS = [
  'teal',
  'orange',
  'grape',
  'blue',
  'pink',
  'green',
  'indigo',
  'red',
  'cyan',
  'violet',
]

/** The identity of this device; undefined before the first universe was opened here. */
export function readDeviceId(): string | undefined {
  return readSetting(ID_SETTING)
}

/** Keeps the identity the first universe was created under. */
export function writeDeviceId(id: string): void {
  writeSetting(ID_SETTING, id)
}

/** This device. A name of its own until a person gives it one. */
export function readDevice(id: string): Device {
  return {
    id,
    name: readSetting(NAME_SETTING) ?? oneOf(NAMES, id.slice(0, 8)),
    color: oneOf(COLORS, id.slice(8, 16)),
  }
}

/** Keeps the name a person gave this device; an empty one takes it away. */
export function writeDeviceName(name: string): void {
  writeSetting(NAME_SETTING, name === '' ? undefined : name)
}

function oneOf(choices: readonly string[], hex: string): string {
  const index = Number.parseInt(hex, 16) % choices.length
  return choices[index] ?? (choices[0] as string)
}
