import type { DatasetRef } from '../../../runner/protocol/datasets.ts';
import { isBucket } from '../../forms/paths.ts';
import { pickOne } from '../../forms/pickers.ts';
import type { Services } from '../../services.ts';
import { doctorCommand } from './commandsOfNodes.ts';
import { baseName } from './datasetNodes.ts';
import { reachWords } from './reach.ts';

/** Shows what is set up on this machine, who the services take the user for, and whether an address can be read. */
export async function checkCredentials(services: Services, target?: DatasetRef): Promise<void> {
  const result = await services.explore(doctorCommand(target));
  if (result !== undefined) services.panels.showResult(result);
}

/** Asks what is checked, unless there is nothing to choose from. */
export async function chooseAndCheck(services: Services): Promise<void> {
  const { datasets } = await services.runner.request('datasets.list', {});
  const buckets = datasets.filter(({ uri }) => isBucket(uri));
  if (buckets.length === 0) return checkCredentials(services);
  const picked = await pickOne<{ readonly target?: DatasetRef }>({
    title: 'Check Credentials', placeholder: 'Of what?',
    choices: [
      { label: '$(device-desktop) All services', description: 'what this machine has for S3, Google Cloud and Azure', value: {} },
      { label: 'datasets' },
      ...buckets.map((dataset) => ({ label: `$(cloud) ${baseName(dataset.uri)}`, description: dataset.uri, detail: reachWords(dataset.storage), value: { target: dataset } })),
    ],
  });
  if (picked.kind === 'picked') await checkCredentials(services, picked.value.target);
}
