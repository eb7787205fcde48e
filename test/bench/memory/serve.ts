import { MemoryStore } from '../../../runner/storage/memoryStore.ts';
import { addPlaqueVolume, plaqueVolume, type PlaqueVolumeSpec } from '../../../runner/phantom/plaqueVolume.ts';
import { startS3Server } from '../../servers/s3Server.ts';
import { StoreBucket } from './storeBucket.ts';

/** First message to the parent. */
export interface ServerReady {
  readonly endpoint: string;
  readonly plaques: number;
}

/** Answer to any message of the parent. */
export interface ServerFigures {
  /** Seconds spent computing voxels. */
  readonly generating: number;
  /** Processor seconds of the server, computing included. */
  readonly processor: number;
}

/** Serves a dataset of one participant whose image is computed as it is read; tells the parent where. */
const spec = JSON.parse(process.argv[2]) as PlaqueVolumeSpec;
const volume = plaqueVolume(spec);
let generating = 0;
const timed: typeof volume = {
  ...volume,
  readBlock: (level, start, size) => {
    const began = performance.now();
    const block = volume.readBlock(level, start, size);
    generating += (performance.now() - began) / 1000;
    return block;
  },
};
const store = new MemoryStore('memory://bids');
await store.write('dataset_description.json', '{"Name": "Synthetic volume", "BIDSVersion": "1.9.0"}\n');
await store.write('participants.tsv', 'participant_id\nsub-volume\n');
addPlaqueVolume(store, 'sub-volume/micr/sub-volume_sample-brain_acq-synthetic_SPIM.ome.zarr', timed);
const server = await startS3Server({ buckets: { volume: { backend: new StoreBucket(store) } } });
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ generating, processor: (user + system) / 1e6 } satisfies ServerFigures);
});
process.on('disconnect', () => process.exit(0));
process.send?.({ endpoint: server.endpoint, plaques: volume.plaques.length } satisfies ServerReady);
