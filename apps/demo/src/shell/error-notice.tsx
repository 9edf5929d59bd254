import { ERROR_CODES, isUniverseError } from '@inner-universe/client'
import { Alert, Button, Code, Group, Stack, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import classes from './error-notice.module.css'

/** Says what went wrong and what to do; a typed error brings both with it. */
export function ErrorNotice({
  error,
  title = 'That did not work',
  onRetry,
  onClose,
  children,
}: {
  readonly error: unknown
  readonly title?: string
  readonly onRetry?: () => void
  readonly onClose?: () => void
  /** A way out that fits this error better than a retry. */
  readonly children?: ReactNode
}): ReactNode {
  const message = error instanceof Error ? error.message : String(error)
  return (
    <Alert
      role="alert"
      color="red"
      variant="default"
      classNames={{ root: classes.root ?? '', icon: classes.icon ?? '' }}
      icon={<IconAlertTriangle aria-hidden />}
      title={title}
      {...(onClose === undefined
        ? {}
        : { withCloseButton: true, onClose, closeButtonLabel: 'Dismiss' })}
    >
      <Stack gap="xs">
        <Text size="sm">{sentence(message)}</Text>
        {isUniverseError(error) && (
          <Text size="sm" c="dimmed">
            {ERROR_CODES[error.code]} <Code>{error.code}</Code>
          </Text>
        )}
        {(onRetry !== undefined || children !== undefined) && (
          <Group gap="xs">
            {children}
            {onRetry !== undefined && (
              <Button size="xs" variant="default" onClick={onRetry}>
                Try again
              </Button>
            )}
          </Group>
        )}
      </Stack>
    </Alert>
  )
}

/** Messages of the store are lower case and without a full stop: they may be part of a line. */
function sentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1)
  return /[.!?]$/.test(text) ? text : `${text}.`
}
