/**
 * The composition root: settings from the environment, a store from its URL, keys, clock and tokens from their files,
 * and from all of them the operations. The only place that names a driver.
 */
export { isLoopback, parseSettings, type SettingProblem } from './parse-settings.js';
export type { Address, StoreLocation } from './setting-values.js';
export { SETTINGS, type Settings, type Variable } from './settings.js';
