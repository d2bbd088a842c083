/** Prints the digest of the build in this folder, as every decision made with it records it. */
import { buildDigest } from '../libs/instance/dist/index.js';

console.log(buildDigest());
