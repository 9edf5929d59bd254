import type { Version, VersionProgress } from '@inner-universe/client'
import { Alert, Progress, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { type ReactNode, useEffect, useState } from 'react'
import { formatCount, formatPlural } from '../data/format.ts'
import { useUniverse } from '../universe.ts'
import classes from './version-state.module.css'

/** What is still to be done before a version is everywhere, or why it cannot be used. */
export function VersionState({ version }: { readonly version: Version }): ReactNode {
  switch (version.state) {
    case 'ready':
      return null
    case 'writing':
      return (
        <div className={classes.state} role="status">
          <Progress value={100} animated size="sm" aria-label="Being written" />
          <Text size="sm" c="dimmed" mt={6}>
            It is being written for your other devices. Here it can be used already.
          </Text>
        </div>
      )
    case 'arriving':
      return <Arriving version={version} />
    case 'damaged':
      return (
        <Alert
          role="alert"
          color="red"
          variant="default"
          className={classes.state ?? ''}
          icon={<IconAlertTriangle aria-hidden />}
          title="It does not fit its fingerprint"
        >
          <Text size="sm">
            What came of it is not what its author saw. Import it again from a file that was
            exported where it is sound, or drop it. The present and other versions are not touched.
          </Text>
        </Alert>
      )
  }
}

function Arriving({ version }: { readonly version: Version }): ReactNode {
  const { versions } = useUniverse()
  const [progress, setProgress] = useState<VersionProgress>()
  const { id } = version
  useEffect(() => {
    const abort = new AbortController()
    // Waiting is what tells how far it has come; that it is here is seen in the list.
    versions.at(id, { signal: abort.signal, onProgress: setProgress }).then(
      (past) => past.close(),
      () => undefined,
    )
    return () => abort.abort()
  }, [versions, id])
  const { chunkCount = 0, chunkTotal } = progress ?? {}
  return (
    <div className={classes.state} role="status">
      <Progress
        value={chunkTotal === undefined ? 100 : (chunkCount / chunkTotal) * 100}
        animated={chunkTotal === undefined}
        size="sm"
        aria-label="Arriving"
      />
      <Text size="sm" c="dimmed" mt={6} className="count">
        {chunkTotal !== undefined
          ? `${formatCount(chunkCount)} of ${formatCount(chunkTotal)} parts are here. `
          : chunkCount > 0 && `${formatPlural(chunkCount, 'part')} came so far. `}
        It can be used when all of it has come. Should it stay like this, open the app on the device
        that named it, so that it sends the rest.
      </Text>
    </div>
  )
}
