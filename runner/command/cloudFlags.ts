import type { Flag, FlagVerb } from './flag.types.ts';

/** Verbs that can be carried out by machines of a cloud, or tell what that would cost. */
export const cloudVerbs: readonly FlagVerb[] = ['participant', 'tune_n4', 'cost'];
const runs: readonly FlagVerb[] = ['participant', 'tune_n4'];

/** What may be said of the machines of a cloud run: the schema of CloudOptions. `buildCloud.ts` holds the defaults as values. */
export const cloudFlags: readonly Flag[] = [
  { name: 'cloud_vm_type', group: 'Cloud', value: { kind: 'text' }, arity: 'many', metavar: 'TYPE', default: 'm6i.2xlarge on AWS, and what is like it elsewhere', help: 'Machine types as the provider calls them, e.g. m6i.2xlarge; the first that can be had is taken.', verbs: cloudVerbs, origin: 'ours' },
  { name: 'cloud_cpu', group: 'Cloud', value: { kind: 'integer', min: 1, max: 1024 }, metavar: 'N', help: 'CPUs of a machine, in place of its type.', verbs: cloudVerbs, origin: 'ours' },
  { name: 'cloud_memory', group: 'Cloud', value: { kind: 'size' }, metavar: 'SIZE', help: 'Memory of a machine, in place of its type, e.g. 32GB.', verbs: cloudVerbs, origin: 'ours' },
  { name: 'cloud_region', group: 'Cloud', value: { kind: 'text' }, metavar: 'REGION', default: 'auto', help: 'Region of the machines; auto: that of the bucket with the data, where reading is free.', verbs: cloudVerbs, origin: 'ours' },
  { name: 'cloud_spot', group: 'Cloud', value: { kind: 'text', choices: ['on-demand', 'spot', 'spot_with_fallback'] }, metavar: 'POLICY', default: 'spot_with_fallback', help: 'Cheaper machines that may be taken away: on-demand (none), spot (only), spot_with_fallback (where there are any). A participant that is interrupted goes on from its finished results.', verbs: cloudVerbs, origin: 'ours' },
  { name: 'cloud_disk', group: 'Cloud', value: { kind: 'size' }, metavar: 'SIZE', default: '100GB', help: "Size of a machine's disk: temporary files of one participant.", verbs: cloudVerbs, origin: 'ours' },
  { name: 'cloud_workers', group: 'Cloud', value: { kind: 'integer', min: 1, max: 1000 }, metavar: 'N', default: '100', help: 'Machines at the same time, at most.', verbs: cloudVerbs, origin: 'ours' },
  { name: 'cloud_container', group: 'Cloud', value: { kind: 'text' }, metavar: 'IMAGE', default: 'Node.js 24 on Debian', help: 'Container image that the machines run; it needs Node.js 22.15 or newer and a shell.', verbs: runs, origin: 'ours' },
  { name: 'cloud_workspace', group: 'Cloud', value: { kind: 'text' }, metavar: 'NAME', default: 'your own', help: 'Coiled workspace that the machines belong to.', verbs: cloudVerbs, origin: 'ours' },
  { name: 'cloud_tags', group: 'Cloud', value: { kind: 'text' }, arity: 'many', metavar: 'KEY=VALUE', help: "Tags by which the provider's bills can be sorted.", verbs: runs, origin: 'ours' },
  { name: 'cloud_env', group: 'Cloud', value: { kind: 'text' }, arity: 'many', metavar: 'NAME', help: 'Variables of this environment that the machines get as secrets, by their names, e.g. AWS_ACCESS_KEY_ID.', verbs: runs, origin: 'ours' },
  { name: 'cloud_timeout', group: 'Cloud', value: { kind: 'duration' }, metavar: 'TIME', default: '12h', help: 'Longest time for one participant.', verbs: runs, origin: 'ours' },
  { name: 'cloud_idle', group: 'Cloud', value: { kind: 'duration' }, metavar: 'TIME', default: '1h', help: 'A machine that gets no further for so long ends its task.', verbs: runs, origin: 'ours' },
  { name: 'cloud_max_cost', group: 'Cloud', value: { kind: 'number', min: 0 }, metavar: 'DOLLARS', default: 'no limit', help: 'End the run, and its machines, when so many US dollars are spent.', verbs: runs, origin: 'ours' },
  { name: 'cloud_confirm_above', group: 'Cloud', value: { kind: 'number', min: 0 }, metavar: 'DOLLARS', default: '20', help: 'Ask before a run that is estimated to cost more than so many US dollars.', verbs: runs, origin: 'ours' },
  { name: 'cloud_yes', group: 'Cloud', value: { kind: 'switch' }, help: 'Start without asking, whatever the estimate.', verbs: runs, origin: 'ours' },
  { name: 'cloud_sync_input', group: 'Cloud', value: { kind: 'text' }, metavar: 'URI', help: 'Copy a dataset of this machine to this address in a bucket first, where it is not there already.', verbs: runs, origin: 'ours' },
  { name: 'cloud_output', group: 'Cloud', value: { kind: 'text' }, metavar: 'URI', default: 'derivatives/spimquant in the dataset', help: 'Where machines put results when the output is a folder of this machine: they are fetched from there as participants finish.', verbs: runs, origin: 'ours' },
  { name: 'cloud_price', group: 'Cloud', value: { kind: 'number', min: 0 }, metavar: 'DOLLARS', default: 'the table of prices', help: 'What an hour of one machine costs, in US dollars.', verbs: cloudVerbs, origin: 'ours' },
];
