import { hideSecrets, rememberSecretsOfEnvironment } from '../protocol/knownSecrets.ts';

/** From now on this process prints no secrets, neither by itself nor by its libraries. Call it before anything else is done. */
export function guardOutput(env: Readonly<Record<string, string | undefined>>): void {
  rememberSecretsOfEnvironment(env);
  for (const stream of [process.stdout, process.stderr]) guard(stream);
}

/** Lets a process that dies of a defect say so without secrets: what Node would print by itself passes no stream. */
export function guardLastWords(): void {
  process.on('uncaughtException', (error) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`, () => { process.exit(1); });
  });
}

function guard(stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream) as (chunk: string | Uint8Array, ...rest: unknown[]) => boolean;
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => write(typeof chunk === 'string' ? hideSecrets(chunk) : hideInBytes(chunk), ...rest);
}

/** Secrets are ASCII; other bytes stay as they are. */
function hideInBytes(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const rest = hideSecrets(text);
  return rest === text ? bytes : Buffer.from(rest, 'latin1');
}
