import { expect, it } from 'vitest'
import batches from '../vectors/batches.json' with { type: 'json' }
import floors from '../vectors/floors.json' with { type: 'json' }
import frames from '../vectors/frames.json' with { type: 'json' }
import manifests from '../vectors/manifests.json' with { type: 'json' }
import { textHash } from './hash.ts'
import { describeMessages } from './message-layout.ts'
import { PROTOCOL_VERSION } from './protocol-version.ts'

/** Hash of everything that is fixed in a version: layouts with their limits, and all vectors. */
const PINNED: Readonly<Record<number, string>> = {
  1: '35e3ac3c7e20480e288298ca30efbff4',
}

const ADVICE = `what is on the wire is no longer what version ${PROTOCOL_VERSION} was.
Only added a vector: pin the new hash. Changed a layout, limit, code or vector: others read it
otherwise. Undo it; or, once the version was released, raise PROTOCOL_VERSION, add a line to the
version history of PROTOCOL.md, and pin the hash under the new version, leaving the old ones`

it('[PR12] layouts and vectors are those of the protocol’s version', () => {
  const fixed = JSON.stringify([describeMessages(), frames, batches, floors, manifests])
  expect(textHash(fixed), ADVICE).toBe(PINNED[PROTOCOL_VERSION])
})
