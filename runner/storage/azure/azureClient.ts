import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { BlobServiceClient, ContainerClient, newPipeline, StorageSharedKeyCredential } from '@azure/storage-blob';
import type { Pipeline, StoragePipelineOptions } from '@azure/storage-blob';
import type { Timeouts } from '../connection.ts';
import { variable } from '../environment.ts';
import type { Environment } from '../../protocol/callerEnvironment.ts';
import type { AzureSettings } from './azureSettings.ts';
import { SignIn } from './signIn.ts';

/**
 * A client for one container. It never tries twice: the connection does, for bodies as well as for answers. It is silent
 * unless the user sets AZURE_LOG_LEVEL.
 */
export function makeContainerClient(settings: AzureSettings, container: string, sockets: number, timeouts: Timeouts, env: Environment): ContainerClient {
  return new ContainerClient(address(settings, `/${container}`), makePipeline(settings, sockets, timeouts, env));
}

/** A client for the account itself, which has its containers. As {@link makeContainerClient}. */
export function makeServiceClient(settings: AzureSettings, sockets: number, timeouts: Timeouts, env: Environment): BlobServiceClient {
  return new BlobServiceClient(address(settings, ''), makePipeline(settings, sockets, timeouts, env));
}

function address({ endpoint, credential }: AzureSettings, path: string): string {
  return `${endpoint}${path}${credential.kind === 'sas' ? `?${credential.token}` : ''}`;
}

function makePipeline(settings: AzureSettings, sockets: number, timeouts: Timeouts, env: Environment): Pipeline {
  const { credential, endpoint, account } = settings;
  const signed = credential.kind === 'key' ? new StorageSharedKeyCredential(account, credential.key) : credential.kind === 'sign-in' ? new SignIn() : undefined;
  // The SDK passes the agent on to its pipeline; its type leaves that out.
  const options: StoragePipelineOptions & { readonly agent?: HttpAgent } = {
    retryOptions: { maxTries: 1 },
    ...(namesProxy(env) ? {} : { agent: makeAgent(endpoint, sockets, timeouts) }),
  };
  return newPipeline(signed, options);
}

/** Whether requests go through a proxy. The SDK then makes the connections: it knows how, and which hosts are excepted. */
function namesProxy(env: Environment): boolean {
  return ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'].some((name) => (variable(env, name) ?? variable(env, name.toLowerCase())) !== undefined);
}

/** Connections that are kept for the next request, and given up when they cannot be made in time or fall silent. */
function makeAgent(endpoint: string, sockets: number, { connectMs, silenceMs }: Timeouts): HttpAgent {
  const secure = endpoint.startsWith('https:');
  // Resets the sockets' own timeout to this whenever one is free.
  const options = { keepAlive: true, maxSockets: sockets, timeout: silenceMs };
  const agent = secure ? new HttpsAgent(options) : new HttpAgent(options);
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (wanted, callback) => {
    const socket = connect(wanted, callback) as Socket;
    const giveUp = (): void => void socket.destroy(Object.assign(new Error('Silence on the connection'), { code: 'ETIMEDOUT' }));
    const timer = setTimeout(giveUp, connectMs);
    const connected = (): void => clearTimeout(timer);
    socket.once(secure ? 'secureConnect' : 'connect', connected);
    socket.once('close', connected);
    socket.setTimeout(silenceMs, giveUp);
    return socket;
  };
  return agent;
}
