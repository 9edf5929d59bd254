import { Container } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { ErrorNotice } from './error-notice.tsx'

interface Props {
  readonly children: ReactNode
  readonly title: string
  /** A change of it gives the children another chance: the page's address. */
  readonly resetKey?: string
}

interface State {
  readonly error: unknown
}

/** Shows what a part of the page threw, instead of an empty page. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: undefined }

  static getDerivedStateFromError(error: unknown): State {
    return { error }
  }

  override componentDidUpdate(before: Props): void {
    if (before.resetKey !== this.props.resetKey && this.state.error !== undefined) {
      this.setState({ error: undefined })
    }
  }

  override render(): ReactNode {
    if (this.state.error === undefined) return this.props.children
    return (
      <Container size="sm" py="xl">
        <ErrorNotice
          error={this.state.error}
          title={this.props.title}
          onRetry={() => window.location.reload()}
        />
      </Container>
    )
  }
}
