import { MemoryStore } from '../../../runner/storage/memoryStore.ts';
import { addPlaqueVolume, plaqueVolume, type PlaqueVolumeSpec } from '../../../runner/phantom/plaqueVolume.ts';
import { startS3Server } from '../../servers/s3Server.ts';
import { StoreBucket } from './storeBucket.ts';

/** Serves a dataset of one participant whose image is computed as it is read; tells the parent where. */
const spec = JSON.parse(process.argv[2]) as PlaqueVolumeSpec;
const volume = plaqueVolume(spec);
const store = new MemoryStore('memory://bids');
await store.write('dataset_description.json', '{"Name": "Synthetic volume", "BIDSVersion": "1.9.0"}\n');
await store.write('participants.tsv', 'participant_id\nsub-volume\n');
addPlaqueVolume(store, 'sub-volume/micr/sub-volume_sample-brain_acq-synthetic_SPIM.ome.zarr', volume);
const server = await startS3Server({ buckets: { volume: { backend: new StoreBucket(store) } } });
process.send?.({ endpoint: server.endpoint, plaques: volume.plaques.length });
process.on('disconnect', () => process.exit(0));
