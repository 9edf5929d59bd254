export { type FakeHome, type FakeHomeOptions, fakeHome, fakeImageBytes } from './fake-home.ts'
export { type FakeReplica, type FakeReplicaOptions, fakeReplica } from './fake-replica.ts'
export { type AcceptedEvents, type Pipe, type PipeOptions, pipe } from './pipe.ts'
export {
  nodeCompression,
  type ReplicaWorld,
  replicaWorld,
  type WorldReplica,
} from './replica-world.ts'
export { type RelayScript, type ScriptedRelay, scriptedRelay } from './scripted-relay.ts'
export {
  type VirtualScheduler,
  type VirtualSchedulerOptions,
  virtualScheduler,
} from './virtual-scheduler.ts'
