export { type AcceptedEvents, type Pipe, type PipeOptions, pipe } from './pipe.ts'
export {
  type VirtualScheduler,
  type VirtualSchedulerOptions,
  virtualScheduler,
} from './virtual-scheduler.ts'
