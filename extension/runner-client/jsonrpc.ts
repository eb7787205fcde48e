// What the line to the runner uses of the library, for loading it with the first call and not before.
export { CancellationTokenSource, createMessageConnection, ResponseError, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
