export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where a part of the program says what it does. Passed in, never global. Messages must not contain secrets. */
export type Logger = (level: LogLevel, message: string) => void;

/** Milliseconds since the epoch. Passed in so that tests can set it. */
export type Clock = () => number;
