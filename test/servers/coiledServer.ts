// A stand-in for Coiled for tests: jobs, clusters, VMs whose tasks run for real, and faults on request. See coiled/server.ts.
export { DrivenClock, ScaledClock } from './coiled/clock.ts';
export type { StandInClock } from './coiled/clock.ts';
export { CoiledServer, defaultToken, startCoiledServer } from './coiled/server.ts';
export type { CoiledRequestLog, CoiledServerOptions, Submitted } from './coiled/server.ts';
export type { ContainerRecipe, StartedTask, TaskProcessOptions } from './coiled/taskProcess.ts';
export type { Behaviour, StandInCluster, Vm, WorkspaceOptions } from './coiled/world.ts';
export type { Fault, FaultRule } from './faults.ts';
